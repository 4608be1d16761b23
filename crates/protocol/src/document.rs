//! The generated part of docs/protocol.md: the tables, and a true example of each row.

use std::fmt::Write;

use crate::{
    code::Code,
    endpoint::Endpoint,
    event::EventType,
    operation::{COMMON_CODES, Operation},
};

/// Where the generated part of the document begins; all above is prose.
pub const BEGINS: &str = "<!-- Generated from here on by `cargo xtask docs`; edit the tables in crates/protocol instead. -->";

/// Frames that a test really sent and received.
pub trait Examples {
    /// A request and its answer, as JSON.
    fn operation(&self, operation: Operation) -> Option<(String, String)>;
    /// The event as its receiver got it, as JSON.
    fn event(&self, event: EventType) -> Option<String>;
}

/// Writes the generated part; a row without an example is an error that names it.
pub fn render(examples: &impl Examples) -> Result<String, String> {
    let mut page = format!("{BEGINS}\n\n");
    endpoints(&mut page);
    operations(&mut page, examples)?;
    events(&mut page, examples)?;
    codes(&mut page);
    Ok(page)
}

fn endpoints(page: &mut String) {
    page.push_str(
        "## Endpoints\n\n| Endpoint | Does | Takes | `data` | Refuses |\n|---|---|---|---|---|\n",
    );
    for endpoint in Endpoint::ALL {
        let (method, path, doc) = (endpoint.method(), endpoint.path(), endpoint.doc().trim());
        let (takes, gives, refuses) = (
            endpoint.takes(),
            endpoint.gives(),
            digits(endpoint.refusals()),
        );
        _ = writeln!(
            page,
            "| {method} `{path}` | {doc} | {takes} | {gives} | {refuses} |"
        );
    }
}

fn operations(page: &mut String, examples: &impl Examples) -> Result<(), String> {
    _ = writeln!(
        page,
        "\n## Operations\n\nBesides its own refusals every operation can answer {}.",
        digits(COMMON_CODES)
    );
    for &operation in Operation::ALL {
        let (path, doc) = (operation.path(), operation.doc().trim());
        let (request, answer) = examples
            .operation(operation)
            .ok_or_else(|| format!("no example of {path}"))?;
        _ = writeln!(page, "\n### `{path}`\n\n{doc}");
        _ = match operation.seed_line() {
            Some(line) => writeln!(page, "From the [seed document](seed.md), line {line}."),
            None => writeln!(page, "Not in the seed document."),
        };
        if !operation.refusals().is_empty() {
            _ = writeln!(
                page,
                "Refusals, in the order in which they are checked: {}.",
                digits(operation.refusals())
            );
        }
        _ = writeln!(page, "\n```json\n{request}\n```\n\n```json\n{answer}\n```");
    }
    Ok(())
}

fn events(page: &mut String, examples: &impl Examples) -> Result<(), String> {
    page.push_str("\n## Events\n");
    for &event in EventType::ALL {
        let (name, doc) = (event.as_str(), event.doc().trim());
        let example = examples
            .event(event)
            .ok_or_else(|| format!("no example of {name}"))?;
        _ = writeln!(
            page,
            "\n### `{name}`\n\n{doc} Receiver: {}.\n\n```json\n{example}\n```",
            event.receiver()
        );
    }
    Ok(())
}

fn codes(page: &mut String) {
    page.push_str("\n## Codes\n\n| Code | `desc` | Meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        _ = writeln!(page, "| {code} | {} | {} |", code.desc(), code.english());
    }
}

fn digits(codes: &[Code]) -> String {
    if codes.is_empty() {
        return "-".to_owned();
    }
    codes
        .iter()
        .map(|code| code.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
