//! What a typed line means.

/// Where plain lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A friend's username.
    Friend(String),
    /// A group's name.
    Group(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Nothing,
    Help,
    Quit,
    Login { name: String },
    Register { name: String, nickname: String },
    Friends,
    Find { name: String },
    Add { name: String, remark: String },
    Requests,
    Answer { number: usize, agree: bool },
    Remove { name: String },
    Groups,
    Create { name: String, nickname: String },
    Join { group: String, remark: String },
    Invite { name: String, group: String },
    Leave { group: String },
    Kick { name: String, group: String },
    Members { group: String },
    Open(Target),
    Close,
    SendFile { path: String },
    Say(String),
}

/// Every command, as `help` shows it.
pub(super) const HELP: &[&str] = &[
    "login NAME                  log in; asks for the password",
    "register NAME [NICKNAME]    create an account and log in",
    "friends                     your friends, and who is online",
    "find NAME                   people with this username, or with this in their nickname",
    "add NAME [WORDS]            ask somebody to become your friend",
    "requests                    who waits for your answer",
    "accept N, refuse N          answer request number N",
    "remove NAME                 end a friendship",
    "groups                      your groups",
    "create GROUP NICKNAME       create a group",
    "join GROUP [WORDS]          ask to join a group",
    "invite NAME GROUP           invite a friend into a group",
    "members GROUP               who is in a group",
    "leave GROUP                 leave a group",
    "kick NAME GROUP             remove somebody from a group",
    "@NAME, #GROUP               open a conversation: from then on lines are sent there",
    "/send-file PATH             send a file into the open conversation",
    "/close                      close the conversation",
    "/quit                       log out and leave",
    "In an open conversation commands begin with '/' (/friends); '//' sends a line that begins with '/'.",
];

/// Reads a line. In an open conversation (`talking`) only `/…`, a lone `@name` and a lone `#group` are commands, and all
/// else is sent as it is. The error says how to write it.
pub(super) fn parse(line: &str, talking: bool) -> Result<Command, String> {
    let trimmed = line.trim();
    if trimmed.is_empty() {
        return Ok(Command::Nothing);
    }
    if let Some(target) = target(trimmed) {
        return Ok(Command::Open(target));
    }
    match (trimmed.strip_prefix('/'), talking) {
        (Some(escaped), true) if escaped.starts_with('/') => Ok(Command::Say(escaped.to_owned())),
        (None, true) => Ok(Command::Say(line.to_owned())),
        (Some(command), _) => parse_command(command),
        (None, false) => parse_command(trimmed),
    }
}

fn target(line: &str) -> Option<Target> {
    if line.contains(char::is_whitespace) || line.len() < 2 {
        return None;
    }
    let named = |name: &str| name.to_owned();
    line.strip_prefix('@')
        .map(|name| Target::Friend(named(name)))
        .or_else(|| {
            line.strip_prefix('#')
                .map(|name| Target::Group(named(name)))
        })
}

fn parse_command(line: &str) -> Result<Command, String> {
    let (verb, rest) = split(line);
    match verb.to_ascii_lowercase().as_str() {
        "help" | "?" => Ok(Command::Help),
        "quit" | "exit" => Ok(Command::Quit),
        "friends" => Ok(Command::Friends),
        "requests" => Ok(Command::Requests),
        "groups" => Ok(Command::Groups),
        "close" => Ok(Command::Close),
        "send-file" if rest.is_empty() => Err(usage("send-file PATH")),
        "send-file" => Ok(Command::SendFile {
            path: rest.to_owned(),
        }),
        "login" => one(rest, "login NAME").map(|name| Command::Login { name }),
        "register" => one_and_words(rest, "register NAME [NICKNAME]")
            .map(|(name, nickname)| Command::Register { name, nickname }),
        "find" => some(rest, "find NAME").map(|name| Command::Find { name }),
        "add" => one_and_words(rest, "add NAME [WORDS]")
            .map(|(name, remark)| Command::Add { name, remark }),
        "accept" => number(rest, "accept N").map(|number| answer(number, true)),
        "refuse" => number(rest, "refuse N").map(|number| answer(number, false)),
        "remove" => one(rest, "remove NAME").map(|name| Command::Remove { name }),
        "create" => match one_and_words(rest, "create GROUP NICKNAME")? {
            (_, nickname) if nickname.is_empty() => Err(usage("create GROUP NICKNAME")),
            (name, nickname) => Ok(Command::Create { name, nickname }),
        },
        "join" => one_and_words(rest, "join GROUP [WORDS]")
            .map(|(group, remark)| Command::Join { group, remark }),
        "invite" => {
            two(rest, "invite NAME GROUP").map(|(name, group)| Command::Invite { name, group })
        }
        "leave" => one(rest, "leave GROUP").map(|group| Command::Leave { group }),
        "kick" => two(rest, "kick NAME GROUP").map(|(name, group)| Command::Kick { name, group }),
        "members" => one(rest, "members GROUP").map(|group| Command::Members { group }),
        _ => Err(format!(
            "There is no command '{verb}'. Type help for the commands; to send a line, open a conversation with @NAME or #GROUP first."
        )),
    }
}

fn answer(number: usize, agree: bool) -> Command {
    Command::Answer { number, agree }
}

fn usage(form: &str) -> String {
    format!("Write it like this: {form}")
}

/// The first word and the rest, trimmed.
fn split(line: &str) -> (&str, &str) {
    match line.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (line, ""),
    }
}

/// A name as a person writes it, with or without its sign.
fn bare(name: &str) -> String {
    name.trim_start_matches(['@', '#']).to_owned()
}

fn some(rest: &str, form: &str) -> Result<String, String> {
    match bare(rest) {
        name if name.is_empty() => Err(usage(form)),
        name => Ok(name),
    }
}

fn one(rest: &str, form: &str) -> Result<String, String> {
    match split(rest) {
        (name, "") => some(name, form),
        _ => Err(usage(form)),
    }
}

fn two(rest: &str, form: &str) -> Result<(String, String), String> {
    let (first, second) = split(rest);
    Ok((some(first, form)?, one(second, form)?))
}

fn one_and_words(rest: &str, form: &str) -> Result<(String, String), String> {
    let (name, words) = split(rest);
    Ok((some(name, form)?, words.to_owned()))
}

fn number(rest: &str, form: &str) -> Result<usize, String> {
    rest.parse()
        .map_err(|_| format!("{}, with a number that requests shows", usage(form)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> Result<Command, String> {
        Ok(Command::Say(text.to_owned()))
    }

    #[test]
    fn commands_are_read_with_their_words() {
        let add = Command::Add {
            name: "anna".to_owned(),
            remark: "from the choir".to_owned(),
        };
        for line in ["add anna from the choir", " /ADD @anna   from the choir "] {
            assert_eq!(parse(line, false), Ok(add.clone()), "{line}");
        }
        assert_eq!(parse("accept 3", false), Ok(answer(3, true)));
        assert_eq!(parse("refuse 12", false), Ok(answer(12, false)));
        let kick = Command::Kick {
            name: "bobo".to_owned(),
            group: "choir".to_owned(),
        };
        assert_eq!(parse("kick @bobo #choir", false), Ok(kick));
        let path = "../two words/@雁.png".to_owned();
        let line = format!("/send-file  {path} ");
        assert_eq!(parse(&line, true), Ok(Command::SendFile { path }));
        assert_eq!(parse("   ", true), Ok(Command::Nothing));
    }

    #[test]
    fn a_conversation_is_opened_by_its_name_alone() {
        let ann = Command::Open(Target::Friend("anna".to_owned()));
        let choir = Command::Open(Target::Group("choir".to_owned()));
        for talking in [false, true] {
            assert_eq!(parse("@anna", talking), Ok(ann.clone()));
            assert_eq!(parse("#choir ", talking), Ok(choir.clone()));
        }
        assert_eq!(
            parse("@anna what do you say?", true),
            say("@anna what do you say?")
        );
    }

    #[test]
    fn plain_lines_are_sent_as_they_are_while_talking() {
        assert_eq!(parse("friends are dear ", true), say("friends are dear "));
        assert_eq!(parse("/friends", true), Ok(Command::Friends));
        assert_eq!(
            parse("//etc is a directory", true),
            say("/etc is a directory")
        );
        assert_eq!(parse("# a heading", true), say("# a heading"));
    }

    #[test]
    fn a_wrong_line_is_answered_with_the_right_form() {
        for (line, form) in [
            ("add", "add NAME [WORDS]"),
            ("accept all", "accept N"),
            ("create choir", "create GROUP NICKNAME"),
            ("invite anna", "invite NAME GROUP"),
            ("login anna secret", "login NAME"),
            ("send-file ", "send-file PATH"),
            ("hello", "help"),
        ] {
            let error = parse(line, false).unwrap_err();
            assert!(error.contains(form), "{line}: {error}");
        }
    }
}
