//! Manual pages and completions: both programs make them from the table that `--help` is made from.

use std::collections::BTreeSet;
use std::path::Path;

use samovar_tests::{Finished, Home, chat_client, chat_server, run};

#[track_caller]
fn says(program: &Path, arguments: &[&str]) -> String {
    let home = Home::new();
    let Finished { code, stdout, stderr } = run(home.command(program).args(arguments), "");
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    stdout
}

/// The long options, and the subcommands, of a help.
fn words(help: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in listed.take_while(|line| !line.is_empty()) {
        words.extend(line.split_whitespace().next().map(str::to_owned));
    }
    for line in help.lines().filter(|line| line.starts_with("  ")) {
        let line = line.trim_start();
        let line =
            line.split_once(", ").filter(|(short, _)| short.len() == 2).map_or(line, |p| p.1);
        let option = line.split([' ', '=', '[']).next();
        words.extend(option.filter(|word| word.starts_with("--")).map(str::to_owned));
    }
    words
}

#[test]
fn the_manual_says_what_help_says() {
    for (name, program) in [("chat-client", chat_client()), ("chat-server", chat_server())] {
        let words = words(&says(program, &["--help"]));
        assert!(words.contains("--help") && words.contains("man"), "{words:?}");
        let page = says(program, &["man"]);
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        let plain = page.replace('\\', "");
        for word in &words {
            assert!(plain.contains(word), "{word} is not in the manual of {name}:\n{page}");
        }
        assert!(plain.contains("Exit codes:") && plain.contains(".SH EXAMPLES"), "{page}");
        // One page a subcommand, too.
        let home = Home::new();
        let written = run(home.command(program).args(["man", "pages/man1"]), "");
        assert_eq!(written.code, Some(0), "{written:?}");
        let folder = home.path().join("pages/man1");
        let whole = std::fs::read_to_string(folder.join(format!("{name}.1"))).expect("it is there");
        assert_eq!(whole, page);
        for subcommand in words.iter().filter(|word| !word.starts_with('-') && *word != "help") {
            let file = folder.join(format!("{name}-{subcommand}.1"));
            assert!(file.is_file(), "{}", file.display());
        }
    }
}

#[test]
fn shells_complete_options_and_subcommands() {
    for (name, program) in [("chat-client", chat_client()), ("chat-server", chat_server())] {
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            let script = says(program, &["completions", shell]);
            assert!(script.contains(name) && script.contains("completions"), "{shell}: {script}");
        }
    }
    // What bash makes of it.
    let home = Home::new();
    let script = home.write("completions.bash", &says(chat_client(), &["completions", "bash"]));
    let asks = |typed: &str| {
        let words = format!("COMP_WORDS=(chat-client {typed}); COMP_CWORD=1");
        let asks = format!(
            "source {}; set -- $(complete -p chat-client); while [ $1 != -F ]; do shift; done; \
             {words}; $2 chat-client {typed} chat-client; echo ${{COMPREPLY[@]}}",
            script.display()
        );
        says(Path::new("bash"), &["-c", &asks])
    };
    assert_eq!(asks("se").trim(), "send search");
    assert_eq!(asks("--tls-").trim(), "--tls-ca --tls-pin --tls-cert --tls-key");
}
