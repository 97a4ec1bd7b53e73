//! The external editor: a file that only its owner can read, a program, the file again.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use tokio::process::{Child, Command};
use uuid::Uuid;

use super::limits::EDITED_BYTES_MAX;

/// A text in an editor. Dropped, its file is gone.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(crate) child: Child,
    path: PathBuf,
}

/// Starts the editor: `$VISUAL`, else `$EDITOR`, else `vi`.
pub(crate) fn start(text: &str) -> io::Result<Edited> {
    let path = std::env::temp_dir().join(format!("chat-client-{}.txt", Uuid::now_v7()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    file.write_all(text.as_bytes())?;
    if !text.is_empty() {
        file.write_all(b"\n")?;
    }
    drop(file);
    match command(&path).spawn() {
        Ok(child) => Ok(Edited { child, path }),
        Err(error) => {
            // It is in a folder that is cleaned anyway.
            std::fs::remove_file(&path).ok();
            let editor = editor().to_string_lossy().into_owned();
            Err(io::Error::new(error.kind(), format!("cannot start the editor {editor}: {error}")))
        }
    }
}

fn editor() -> OsString {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".into())
}

/// The variable may have arguments (`code --wait`), as every other program takes it.
#[cfg(unix)]
fn command(path: &std::path::Path) -> Command {
    let mut command = Command::new("sh");
    let mut script = editor();
    script.push(" \"$1\"");
    command.arg("-c").arg(script).arg("editor").arg(path);
    command
}

#[cfg(not(unix))]
fn command(path: &std::path::Path) -> Command {
    let mut command = Command::new(editor());
    command.arg(path);
    command
}

impl Edited {
    /// What was written; none: the editor was left in a way that means "forget it".
    pub(crate) async fn finish(&mut self) -> io::Result<Option<String>> {
        let status = self.child.wait().await?;
        if !status.success() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&self.path)?.take(EDITED_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

impl Drop for Edited {
    fn drop(&mut self) {
        // It is in a folder that is cleaned anyway.
        std::fs::remove_file(&self.path).ok();
    }
}
