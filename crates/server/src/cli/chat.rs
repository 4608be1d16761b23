//! `hongyan chat`: a line-based terminal client, for people and for scripts.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use hongyan_client::{
    Client, LogoutReason, News, Session,
    protocol::{
        text::Text,
        user::{Name, Password, Register, Sex, Sign},
    },
};
use tokio::time::timeout;

use self::{
    act::Recipient,
    command::{Command, HELP, parse},
    input::Input,
    outbox::Outbox,
    people::People,
    requests::Requests,
    screen::Screen,
};

mod act;
mod command;
mod input;
mod outbox;
mod people;
mod report;
mod requests;
mod screen;

/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// Talks with the server at this address until the user leaves (success) or the login ends (an error).
pub(super) async fn run(server_url: &str) -> Result<()> {
    let client = Client::new(server_url)?;
    let (mut input, screen) = Input::open()?;
    screen.say(format!(
        "Hongyan at {}. Type login NAME or register NAME; help shows all commands.",
        client.server()
    ));
    match enter(&client, &mut input, &screen).await? {
        Some(session) => Chat::new(session, screen).talk(&mut input).await,
        None => Ok(()),
    }
}

/// Asks until somebody is logged in; none when they leave instead. A script is not asked twice.
async fn enter(client: &Client, input: &mut Input, screen: &Screen) -> Result<Option<Session>> {
    while let Some(line) = input.line("hongyan> ").await {
        let entered = match parse(&line, false) {
            Ok(Command::Nothing) => continue,
            Ok(Command::Quit) => break,
            Ok(Command::Help) => {
                help(screen);
                continue;
            }
            Ok(Command::Login { name }) => login(client, input, &name).await,
            Ok(Command::Register { name, nickname }) => {
                register(client, input, &name, &nickname).await
            }
            _ => {
                screen.say("Log in first: login NAME, or register NAME.");
                continue;
            }
        };
        match entered {
            Ok(session) => return Ok(Some(session)),
            Err(error) if input.is_interactive() => screen.say(format!("! {error}")),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

async fn login(client: &Client, input: &mut Input, name: &str) -> Result<Session> {
    let password = password(input, "Password: ").await?;
    Ok(client.login(name, &password).await?)
}

async fn register(
    client: &Client,
    input: &mut Input,
    name: &str,
    nickname: &str,
) -> Result<Session> {
    let username = Name::new(name).map_err(|rule| invalid("name", &rule))?;
    let nickname = if nickname.is_empty() { name } else { nickname };
    let nickname = Text::new(nickname).map_err(|rule| invalid("nickname", &rule))?;
    let chosen = Password::new(password(input, "Choose a password (6 to 128 bytes): ").await?);
    ensure!(
        chosen.is_acceptable(),
        "A password has 6 to 128 bytes: choose another one"
    );
    if input.is_interactive() {
        let repeated = password(input, "The same password again: ").await?;
        ensure!(
            repeated == chosen.expose(),
            "The two passwords differ: register again"
        );
    }
    let account = Register {
        username,
        password: chosen,
        nickname,
        sex: Sex::Unset,
        sign: Sign::default(),
    };
    Ok(client.register(&account).await?)
}

fn invalid(what: &str, rule: &str) -> anyhow::Error {
    anyhow::anyhow!("This {what} cannot be used: {rule}")
}

async fn password(input: &mut Input, prompt: &str) -> Result<String> {
    match input.secret(prompt).await {
        Some(password) => Ok(password),
        None => bail!(
            "No password was given: type it, or put it into the environment variable HONGYAN_PASSWORD"
        ),
    }
}

fn help(screen: &Screen) {
    for line in HELP {
        screen.say(line);
    }
}

/// One login, and what is known around it.
struct Chat {
    session: Session,
    screen: Screen,
    outbox: Outbox,
    people: People,
    requests: Requests,
    /// The open conversation: how it is written (`@anna`, `#choir`), and where its lines go.
    open: Option<(String, Recipient)>,
    has_connected: bool,
}

impl Chat {
    fn new(session: Session, screen: Screen) -> Self {
        Self {
            outbox: Outbox::new(session.clone(), screen.clone()),
            people: People::new(&session),
            session,
            screen,
            requests: Requests::default(),
            open: None,
            has_connected: false,
        }
    }

    async fn talk(mut self, input: &mut Input) -> Result<()> {
        let mut events = self.session.events();
        loop {
            let prompt = match &self.open {
                Some((label, _)) => format!("{label}> "),
                None => "> ".to_owned(),
            };
            tokio::select! {
                line = input.line(&prompt) => {
                    let Some(line) = line else { break };
                    if !self.obey(&line).await {
                        break;
                    }
                }
                news = events.next() => match news {
                    Some(News::Connected) => self.connected().await,
                    Some(News::Event(event)) => self.report(&event).await,
                    Some(News::Disconnected { why, retry_in }) => self.screen.say(format!(
                        "* Not connected: {why}. Trying again in {:.1} s.",
                        retry_in.as_secs_f32()
                    )),
                    Some(News::LoggedOut(LogoutReason::Elsewhere)) => bail!(
                        "You were logged out because this account logged in elsewhere. If that was not you, log in and change your password."
                    ),
                    Some(News::LoggedOut(LogoutReason::Over)) | None => {
                        bail!("Your login is over. Start again and log in.")
                    }
                },
            }
        }
        drop(events);
        self.leave().await;
        Ok(())
    }

    async fn connected(&mut self) {
        if self.has_connected {
            self.screen.say("* Connected again.");
            return;
        }
        self.has_connected = true;
        let username = &self.session.user().username;
        self.screen.say(format!("* Connected as {username}."));
        // Requests that came while nobody was here are not pushed: they wait in the lists.
        if let Err(error) = self.show_requests(false).await {
            self.screen.say(format!("! {error}"));
        }
    }

    /// Sends what still waits and logs out; nothing more can be done where that fails.
    async fn leave(self) {
        self.outbox.finish().await;
        match timeout(GOODBYE, self.session.logout()).await {
            Ok(Ok(())) => self.screen.say("* Logged out."),
            Ok(Err(error)) => self.screen.say(format!("! Not logged out: {error}")),
            Err(_) => self.screen.say(
                "! Not logged out: no answer. Change your password to end logins that you left behind.",
            ),
        }
    }
}
