//! A bot: accepts every friend request, answers every friend with their own words, and in groups whoever mentions it.
//!
//! `cargo run -p hongyan-client --example echo_bot -- http://127.0.0.1:8080 echo_bot`, with the password of that account
//! in the environment variable `HONGYAN_PASSWORD`.
#![allow(clippy::print_stdout)]

use std::env;

use hongyan_client::{Client, Error, News, Session, protocol::Happening, to_group, to_user};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [server, username] = arguments.as_slice() else {
        return Err("give the server's address and the bot's username".into());
    };
    let password = env::var("HONGYAN_PASSWORD")
        .map_err(|_| "put the bot's password into the environment variable HONGYAN_PASSWORD")?;
    let bot = Client::new(server)?.login(username, &password).await?;
    let mut events = bot.events();
    while let Some(news) = events.next().await {
        match news {
            News::Connected => {
                println!("connected as {username}");
                tell(accept_who_waited(&bot).await);
            }
            News::Event(event) => match event.happening() {
                Ok(Some(what)) => tell(answer(&bot, event.from(), what).await),
                Ok(None) => {}
                Err(error) => println!("{error}"),
            },
            News::Disconnected { why, retry_in } => println!("{why}; next try in {retry_in:?}"),
            News::LoggedOut(reason) => return Err(format!("logged out: {reason:?}").into()),
        }
    }
    Ok(())
}

/// Requests that came while the bot was away are not pushed: they wait in the list.
async fn accept_who_waited(bot: &Session) -> Result<(), Error> {
    for request in bot.friend_apply_list().await? {
        bot.answer_friend(request.friend_apply_id, true).await?;
    }
    Ok(())
}

async fn answer(
    bot: &Session,
    from: Option<hongyan_client::protocol::id::UserId>,
    what: Happening,
) -> Result<(), Error> {
    let draft = match (what, from) {
        (Happening::FriendAdd(request), _) => {
            return bot
                .answer_friend(request.friend_apply_id, true)
                .await
                .map(drop);
        }
        (Happening::ChatF2f(chat), Some(friend)) => to_user(friend, chat.msg)?,
        (Happening::ChatGroup(chat), Some(_)) if chat.mentions.contains(&bot.id()) => {
            let Some(group) = chat.to_group_id else {
                return Ok(());
            };
            to_group(group, chat.msg)?
        }
        _ => return Ok(()),
    };
    bot.send_reliably(draft).await.map(drop)
}

/// One failed answer is no reason to fall silent.
fn tell(result: Result<(), Error>) {
    if let Err(error) = result {
        println!("{error}");
    }
}
