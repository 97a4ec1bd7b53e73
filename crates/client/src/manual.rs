//! Manual pages from the table that `--help` is made from; chat-server's `main.rs` takes this file too.
//! Owns their form; says nothing that the help does not say.

use std::io::{self, Write};
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

/// Prints the page of a program, or writes it, and those of its subcommands, into a folder. `sections` are
/// those parts of the help whose lines stay as they are, with their titles.
pub(crate) fn write(
    command: clap::Command,
    sections: &[(&str, &str)],
    folder: Option<&Path>,
) -> io::Result<()> {
    let page = page(command.clone(), sections)?;
    let Some(folder) = folder else {
        // Nobody is left to tell that nobody reads.
        io::stdout().lock().write_all(&page).ok();
        return Ok(());
    };
    std::fs::create_dir_all(folder)?;
    let main = folder.join(format!("{}.1", command.get_name()));
    clap_mangen::generate_to(command, folder)?;
    std::fs::write(main, page)
}

fn page(command: clap::Command, sections: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let man = Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    for (title, text) in sections {
        let mut section = Roff::new();
        section.control("SH", [*title]).control("nf", []);
        // The title stands above it.
        for line in text.lines().skip_while(|line| line.eq_ignore_ascii_case(&format!("{title}:")))
        {
            section.text([roman(line)]);
        }
        section.control("fi", []).to_writer(&mut page)?;
    }
    man.render_version_section(&mut page)?;
    Ok(page)
}
