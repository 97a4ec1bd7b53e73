//! The configuration.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::config::{Environment, Flags, load, reload_difference};

/// A file: the same twice, and what is wrong with it is said in harmless lines.
pub fn config(data: &[u8]) {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        std::env::temp_dir().join(format!("samovar-fuzz-{}.toml", std::process::id()))
    });
    std::fs::write(path, data).expect("a temporary file");
    let flags = Flags { config: Some(path.clone()), ..Flags::default() };
    let read = || load(&flags, &Environment::default(), Path::new("/"));
    match (read(), read()) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.config, other.config);
            assert!(!one.config.listen.is_empty());
            assert_eq!(reload_difference(&one.config, &other.config), Ok(()));
        }
        (Err(one), Err(other)) => {
            let (one, other) = (one.to_string(), other.to_string());
            assert_eq!(one, other);
            let refused = one.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
            assert_eq!(refused, None, "{one:?}");
            assert!(one.len() <= 256 * 1_024, "{} bytes", one.len());
        }
        (one, other) => panic!("{one:?}, and then {other:?}"),
    }
}
