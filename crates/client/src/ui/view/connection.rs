//! Why there is no connection, what is done about it, and what one can do: the lines above the input.
//! Pure.

use chat_client::Trouble;

use crate::advice;
use crate::ui::app::{App, Net};
use crate::ui::graphemes::{width, wrapped};

/// `! connection lost 08:14:07 · retry in 4 s (try 3) · 1 message queued · /reconnect now`, why, and what
/// helps; nothing while there is a connection. The first line says most: a small screen has only that.
pub(super) fn lines(app: &App) -> Vec<String> {
    let Net::Down { since, why, retry_at, tries, trouble } = &app.net else {
        return Vec::new();
    };
    let what = match trouble {
        Trouble::Away => "connection lost",
        Trouble::Stopped => "the server stopped",
        Trouble::Name => "not let in",
        Trouble::Account => "logged out",
        Trouble::Certificate(_) => "NOT SAFE",
    };
    let time = super::rows::zoned(*since, &app.start.zone).strftime("%H:%M:%S").to_string();
    let left_s = retry_at.0.saturating_sub(app.now.0).div_ceil(1_000);
    let retry = match left_s {
        0 => format!("connecting (try {tries})"),
        seconds => format!("retry in {seconds} s (try {tries})"),
    };
    let queued = match app.unsent() {
        0 => String::new(),
        1 => " · 1 message queued".to_owned(),
        count => format!(" · {count} messages queued"),
    };
    let short = retry.split(" (").next().unwrap_or(&retry).to_owned();
    let columns = usize::from(app.size.width);
    let mut helps = advice::lines(trouble, &app.start.address, "type /reconnect");
    helps.extend(advice::moved(trouble, *tries).map(str::to_owned));
    let whole = format!("! {what} {time} · {retry}{queued} · /reconnect now · {why}");
    if helps.is_empty() && width(&whole) < columns {
        return vec![whole];
    }
    // What helps least gives way first.
    let forms = [
        format!("! {what} {time} · {retry}{queued} · /reconnect now"),
        format!("! {what} {time} · {short}{queued} · /reconnect now"),
        format!("! {what} · {short}{queued}"),
        format!("! {what} · {short}"),
        if *trouble == Trouble::Away { format!("! {short}{queued}") } else { format!("! {what}") },
    ];
    let fits = forms.iter().find(|form| width(form) < columns);
    let mut lines: Vec<String> = fits.or(forms.last()).cloned().into_iter().collect();
    // The certificate's own lines say why.
    let why = Some(why).filter(|_| !matches!(trouble, Trouble::Certificate(_)));
    for line in why.into_iter().chain(&helps) {
        let cells = columns.saturating_sub(INDENT.len()).max(1);
        lines.extend(
            wrapped(line, cells)
                .into_iter()
                .map(|range| format!("{INDENT}{}", line.get(range).unwrap_or_default())),
        );
    }
    lines
}

const INDENT: &str = "  ";
