//! What is shown: whole lines, made harmless, that leave the line being typed alone.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use rustyline::ExternalPrinter;

type Printer = Box<dyn ExternalPrinter + Send>;

/// Where lines are shown. All clones show on the same screen.
#[derive(Clone)]
pub(super) struct Screen {
    /// None: plain output, nobody is typing.
    printer: Arc<Mutex<Option<Printer>>>,
}

impl Screen {
    pub(super) fn plain() -> Self {
        Self {
            printer: Arc::new(Mutex::new(None)),
        }
    }

    pub(super) fn beside(printer: impl ExternalPrinter + Send + 'static) -> Self {
        Self {
            printer: Arc::new(Mutex::new(Some(Box::new(printer)))),
        }
    }

    /// Shows one line. All text goes through here, so nothing from the network reaches the terminal untamed.
    pub(super) fn say(&self, line: impl AsRef<str>) {
        let line = harmless(line.as_ref()) + "\n";
        let mut printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nothing can be shown any more, nothing can be told about it either.
        _ = match printer.as_mut() {
            Some(printer) => printer.print(line).map_err(drop),
            None => print(&line).map_err(drop),
        };
    }
}

fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// Text that does nothing to a terminal but stand there: control characters become their pictures (ESC: ␛), what turns
/// the writing direction around becomes �, and further lines are indented, so that no text can pass for another line.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    for character in text.trim_end_matches('\n').chars() {
        match character {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => shown.push_str("\n    "),
            '\t' => shown.push_str("    "),
            '\0'..='\u{1f}' => {
                let picture = 0x2400 + u32::from(character);
                shown.push(char::from_u32(picture).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            '\u{7f}' => shown.push('\u{2421}'),
            // C1 controls; embeddings, overrides and isolates of direction; deprecated format controls and tags.
            '\u{80}'..='\u{9f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => shown.push(char::REPLACEMENT_CHARACTER),
            character => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_show_as_pictures() {
        assert_eq!(harmless("\u{1b}[2Jgone\u{7}"), "␛[2Jgone␇");
        assert_eq!(harmless("\u{9b}31m\u{7f}"), "�31m␡");
        assert_eq!(harmless("over\rwritten"), "over␍written");
    }

    #[test]
    fn the_writing_direction_cannot_be_turned_around() {
        assert_eq!(
            harmless("\u{202e}evil\u{202c} \u{2067}x\u{2069}"),
            "�evil� �x�"
        );
    }

    #[test]
    fn a_second_line_cannot_pass_for_a_line_of_ours() {
        assert_eq!(
            harmless("hi\n* anna is online\r\n\u{2028}x\n"),
            "hi\n    * anna is online\n    \n    x"
        );
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in ["鸿雁传书", "👩‍👩‍👧 ok", "שלום", "naïve – “quoted”"]
        {
            assert_eq!(harmless(text), text);
        }
    }
}
