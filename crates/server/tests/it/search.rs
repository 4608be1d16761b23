//! Finding people.

use hongyan_protocol::{
    text::Text,
    user::{Register, SearchUser},
};
use serde_json::json;

use crate::harness::{Person, TestServer, account, reply, username};

async fn named(server: &TestServer, name: &str, nickname: &str) {
    let account = Register {
        nickname: Text::new(nickname).unwrap(),
        ..account(name)
    };
    server.stranger().register(&account).await.unwrap();
}

fn by_nickname(part: &str) -> SearchUser {
    SearchUser {
        nickname: Some(part.to_owned()),
        ..SearchUser::default()
    }
}

async fn found(person: &Person, search: &SearchUser) -> Vec<String> {
    let found = person.search_user(search).await.unwrap();
    found.into_iter().map(|card| card.username).collect()
}

#[tokio::test]
async fn people_are_found_by_a_part_of_their_nickname_whatever_its_characters() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for (name, nickname) in [
        ("cent", "100% 安娜"),
        ("unit", "1000 安 娜"),
        ("line", "snake_case"),
        ("lime", "snakeXcase"),
        ("bang", "wow!%"),
        ("back", r"a\b"),
        ("quot", "O'Neil\""),
        ("emil", "ÉMILE Straße"),
    ] {
        named(&server, name, nickname).await;
    }
    for (part, names) in [
        ("安娜", vec!["cent"]),
        ("安", vec!["cent", "unit"]),
        ("100%", vec!["cent"]),
        ("%", vec!["cent", "bang"]),
        ("e_c", vec!["line"]),
        ("_", vec!["line"]),
        ("SNAKE", vec!["line", "lime"]),
        ("!", vec!["bang"]),
        ("!%", vec!["bang"]),
        (r"\", vec!["back"]),
        (r"\b", vec!["back"]),
        ("'", vec!["quot"]),
        ("\"", vec!["quot"]),
        ("émile", vec!["emil"]),
        ("MISS ANN", vec!["ann-"]),
        ("0", vec!["cent", "unit"]),
        ("100% 安娜 ", vec![]),
        ("*", vec![]),
        ("' OR 1=1 --", vec![]),
    ] {
        assert_eq!(found(&ann, &by_nickname(part)).await, names, "{part:?}");
    }
}

#[tokio::test]
async fn people_are_found_by_their_whole_username_in_any_case() {
    let server = TestServer::start().await;
    let ann = server.offline_user("anna").await;
    named(&server, "anna-b", "安娜").await;
    let search = |username: &str, nickname: Option<&str>| SearchUser {
        username: Some(username.to_owned()),
        nickname: nickname.map(str::to_owned),
        page: None,
    };
    assert_eq!(
        found(&ann, &search("anna", None)).await,
        ["anna"],
        "oneself, too"
    );
    assert_eq!(found(&ann, &search("ANNA-B", None)).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("ANNA-B", Some(""))).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("ANNA-B", Some("安"))).await, ["anna-b"]);
    assert_eq!(found(&ann, &search("", Some("安"))).await, ["anna-b"]);
    for (username, nickname) in [
        ("ann", None),
        ("anna-", None),
        ("anna%", None),
        ("____", None),
        ("anna-b", Some("bo")),
        ("nobody", Some("安")),
    ] {
        let nobody = found(&ann, &search(username, nickname)).await;
        assert!(nobody.is_empty(), "{username} {nickname:?}: {nobody:?}");
    }
}

#[tokio::test]
async fn a_search_shows_what_everybody_may_know_and_no_more() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    let request = server.web().get("/api/friend/search_user?username=ann-");
    let data = reply(request.bearer_auth(ann.token())).await.data();
    let user = ann.user();
    assert_eq!(
        data,
        json!({"list": [{
            "userId": user.id, "username": "ann-", "nickname": "Miss ann", "headImg": user.head_img,
            "sex": "0", "sign": "ann was here",
        }]})
    );
}

#[tokio::test]
async fn a_search_is_paged_by_fifty() {
    let server = TestServer::start().await;
    let ann = server.offline_user("ann").await;
    for n in 0..103 {
        named(&server, &format!("bird-{n}"), &format!("大雁 {n}")).await;
    }
    let page = async |page: Option<u32>| {
        let search = SearchUser {
            page,
            ..by_nickname("大雁")
        };
        found(&ann, &search).await
    };
    let expected: Vec<String> = (0..103).map(|n| format!("bird-{n}")).collect();
    assert_eq!(page(None).await, expected[..50]);
    assert_eq!(page(Some(0)).await, expected[..50]);
    assert_eq!(page(Some(1)).await, expected[..50]);
    assert_eq!(page(Some(2)).await, expected[50..100]);
    assert_eq!(page(Some(3)).await, expected[100..]);
    assert!(page(Some(4)).await.is_empty());
    assert!(page(Some(u32::MAX)).await.is_empty());
    let exact = SearchUser {
        username: Some(username("bird-0")),
        page: Some(2),
        ..SearchUser::default()
    };
    assert!(found(&ann, &exact).await.is_empty());
}
