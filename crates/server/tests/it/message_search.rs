//! Finding messages.

use hongyan_protocol::{
    Code, Operation,
    id::{GroupId, UserId},
    message::{Edit, Recall},
    search::{ChatFound, ChatSearch},
    text::Text,
};
use serde_json::json;

use crate::harness::{BEGINNING, Log, Person, TestServer, exchange, reply};

fn looking_for(query: &str) -> ChatSearch {
    ChatSearch {
        query: Text::new(query).unwrap(),
        to_user_id: None,
        to_group_id: None,
        before: None,
        limit: None,
    }
}

fn in_group(group: GroupId, query: &str) -> ChatSearch {
    ChatSearch {
        to_group_id: Some(group),
        ..looking_for(query)
    }
}

fn with_friend(friend: UserId, query: &str) -> ChatSearch {
    ChatSearch {
        to_user_id: Some(friend),
        ..looking_for(query)
    }
}

/// What is found, as snippets with the hits in brackets.
async fn found(person: &Person, search: &ChatSearch) -> Vec<String> {
    snippets(&person.search_messages(search).await.unwrap())
}

fn snippets(page: &ChatFound) -> Vec<String> {
    let found = page.list.iter().map(|message| {
        let pieces = message.snippet.iter().map(|piece| match piece.hit {
            true => format!("[{}]", piece.text),
            false => piece.text.clone(),
        });
        pieces.collect()
    });
    found.collect()
}

#[tokio::test]
async fn a_sentence_is_found_by_its_characters_and_words_at_once() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for text in ["我们明天去上海，好吗？", "iPhone15手机😀", "Hello World"] {
        ann.send(&bo, text).await.unwrap();
    }
    for (query, expected) in [
        ("上海", vec!["我们明天去[上海]，好吗？"]),
        ("海", vec!["我们明天去上[海]，好吗？"]),
        ("明天 海", vec!["我们[明天]去上[海]，好吗？"]),
        ("iphone15手机", vec!["[iPhone15手机]😀"]),
        ("IPH", vec!["[iPhone15]手机😀"]),
        ("world", vec!["Hello [World]"]),
        ("hel", vec!["[Hello] World"]),
        ("上天", vec![]),
        ("ello", vec![]),
    ] {
        assert_eq!(found(&bo, &looking_for(query)).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_found_says_in_which_conversation_and_where_in_it() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, cai] = server.users(["ann", "bo", "cai"]).await;
    ann.befriend(&mut bo).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    ann.send(&bo, "tea?").await.unwrap();
    let to_friend = bo.send(&ann, "Tea!").await.unwrap();
    let to_group = ann.send_to_group(group, "tea for all").await.unwrap();

    let page = bo.search_messages(&looking_for("tea")).await.unwrap();
    assert_eq!(page.next, None);
    let shown = serde_json::to_value(&page.list[..2]).unwrap();
    assert_eq!(
        shown,
        json!([
            {
                "groupId": group, "msgId": to_group.msg_id, "seq": 1, "fromUserId": ann.id(), "time": BEGINNING,
                "snippet": [{"text": "tea", "hit": true}, {"text": " for all", "hit": false}],
            },
            {
                "userId": ann.id(), "msgId": to_friend.msg_id, "seq": 2, "fromUserId": bo.id(), "time": BEGINNING,
                "snippet": [{"text": "Tea", "hit": true}, {"text": "!", "hit": false}],
            },
        ])
    );
    let both = ChatSearch {
        to_user_id: Some(ann.id()),
        ..in_group(group, "tea")
    };
    for (search, expected) in [
        (in_group(group, "tea"), vec!["[tea] for all"]),
        (with_friend(ann.id(), "tea"), vec!["[Tea]!", "[tea]?"]),
        (both, vec!["[tea] for all"]),
    ] {
        assert_eq!(found(&bo, &search).await, expected);
    }
    for (search, code) in [
        (with_friend(cai.id(), "tea"), Code::NotFriend),
        (with_friend(bo.id(), "tea"), Code::NotFriend),
        (with_friend(UserId::mint(), "tea"), Code::NotFriend),
        (in_group(GroupId::mint(), "tea"), Code::NoSuchGroup),
    ] {
        assert_eq!(bo.code(&search).await, code);
    }
}

#[tokio::test]
async fn nobody_finds_what_was_said_before_they_came_or_after_they_left() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, cai] = server.users(["ann", "bo", "cai"]).await;
    let group = ann.group("choir").await;
    ann.send_to_group(group, "song one").await.unwrap();
    ann.admit(group, &mut bo).await;
    ann.send_to_group(group, "song two").await.unwrap();
    for search in [looking_for("song"), in_group(group, "song")] {
        assert_eq!(found(&ann, &search).await, ["[song] two", "[song] one"]);
        assert_eq!(found(&bo, &search).await, ["[song] two"]);
    }
    bo.leave_group(group).await.unwrap();
    for person in [&bo, &cai] {
        assert!(found(person, &looking_for("song")).await.is_empty());
        assert_eq!(person.code(&in_group(group, "song")).await, Code::NotMember);
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_though_new_messages_come() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for n in 0..45 {
        ann.send(&bo, &format!("鸿雁 {n}")).await.unwrap();
    }
    let mut search = ChatSearch {
        limit: Some(20),
        ..looking_for("鸿雁")
    };
    let (mut seqs, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let page = bo.search_messages(&search).await.unwrap();
        seqs.extend(page.list.iter().map(|message| message.seq));
        sizes.push(page.list.len());
        ann.send(&bo, "鸿雁!").await.unwrap();
        match page.next {
            Some(next) => search.before = Some(Text::new(next).unwrap()),
            None => break,
        }
    }
    assert_eq!(seqs, (1..=45).rev().collect::<Vec<_>>());
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(found(&bo, &looking_for("鸿雁")).await.len(), 48);
}

#[tokio::test]
async fn what_was_recalled_or_edited_is_not_found_by_what_it_said() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for text in ["tea one", "tea two", "tea three"] {
        ann.send(&bo, text).await.unwrap();
    }
    let (to_user_id, to_group_id) = (Some(bo.id()), None);
    let recall = Recall {
        to_user_id,
        to_group_id,
        seq: 1,
    };
    ann.ask(&recall).await.unwrap();
    let edit = Edit {
        to_user_id,
        to_group_id,
        seq: 2,
        msg: Text::new("coffee two").unwrap(),
        mentions: Vec::new(),
    };
    ann.ask(&edit).await.unwrap();
    for person in [&ann, &bo] {
        assert_eq!(found(person, &looking_for("tea")).await, ["[tea] three"]);
        assert_eq!(found(person, &looking_for("two")).await, ["coffee [two]"]);
        assert!(found(person, &looking_for("one")).await.is_empty());
    }
}

#[tokio::test]
async fn a_search_is_also_an_address() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    for text in ["去上海", "在上海"] {
        ann.send(&bo, text).await.unwrap();
    }
    let get = async |query: &[(&str, &str)]| {
        let request = server.web().get("/api/chat/search").query(query);
        reply(request.bearer_auth(bo.token())).await
    };
    let first = get(&[("query", "上海"), ("limit", "1")]).await.data();
    let snippet = json!([{"text": "在", "hit": false}, {"text": "上海", "hit": true}]);
    assert_eq!(first["list"][0]["snippet"], snippet);
    assert_eq!(first["list"].as_array().unwrap().len(), 1);
    let next = first["next"].as_str().unwrap();
    let ann_id = serde_json::to_value(ann.id()).unwrap();
    let with_ann = ("toUserId", ann_id.as_str().unwrap());
    let second = get(&[("query", "上海"), ("before", next), with_ann]).await;
    let second = second.data();
    assert_eq!(second["list"][0]["seq"], 1);
    assert!(second.get("next").is_none());
    assert_eq!(get(&[("query", "?")]).await.status, 400);
    assert_eq!(get(&[]).await.status, 400);
}

#[tokio::test]
async fn what_is_looked_for_is_in_no_log() {
    const SECRETS: [&str; 2] = ["canary-52ef", "寻找金丝雀"];
    let (log, _listening) = Log::listen();
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let mut door = bo.door(Operation::ChatSearch).await;
    for secret in SECRETS {
        ann.send(&bo, secret).await.unwrap();
        assert_eq!(found(&bo, &looking_for(secret)).await.len(), 1);
        let request = server.web().get("/api/chat/search");
        let request = request.query(&[("query", secret)]);
        assert_eq!(reply(request.bearer_auth(bo.token())).await.status, 200);
        for wrong in [
            json!({"query": secret, "limit": 0}),
            json!({"query": secret, "before": secret}),
            json!({"query": secret.repeat(20)}),
            json!({"query": secret, "toUserId": [secret]}),
        ] {
            let answer = exchange(&mut door, &wrong.to_string()).await;
            assert_eq!(answer.code.as_str(), "9997");
        }
    }
    let text = log.text();
    assert!(text.contains("TRACE"), "it listened");
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}");
    }
}
