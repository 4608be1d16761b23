//! Messages that carry files: what receivers are told, and who may have the file then.

use hongyan_client::Error;
use hongyan_protocol::{
    Code, Operation,
    id::FileId,
    kind::Kind,
    message::{SendMsg, WhenOffline},
    text::Text,
};
use hongyan_server::config::Keep;
use image::ImageFormat;
use serde_json::{Value, json};

use crate::{
    file::{TEXT, get, noise, stored},
    harness::{Everything, Person, TestServer, reply, soon, to_friend},
    user::picture,
};

/// A message to a friend that says it is of this kind and carries this.
pub(crate) fn carrying(to: &Person, kind: &str, body: Value) -> SendMsg {
    SendMsg {
        kind: Some(Kind::from(Text::new(kind).unwrap())),
        body: body.as_object().cloned(),
        ..to_friend(to.id(), "[a file]")
    }
}

#[tokio::test]
async fn a_message_carries_a_file_and_the_server_says_what_it_is() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let content = picture(40, 30, ImageFormat::Png);
    let photo = ann.upload("雁.png", "image/png", content).await.unwrap();
    let voice = [b"OggS".as_slice(), &noise(100)].concat();
    let voice = ann.upload("v.ogg", "audio/ogg", voice).await.unwrap();
    let (photo, voice) = (photo.file_id, voice.file_id);
    for (kind, said, heard) in [
        (
            "image",
            json!({"fileId": photo, "width": 9, "height": 9, "more": true}),
            json!({"fileId": photo, "width": 40, "height": 30}),
        ),
        (
            "file",
            json!({"fileId": photo, "name": "../x.exe", "size": 1}),
            json!({"fileId": photo, "name": "雁.png", "size": 0}),
        ),
        (
            "voice",
            json!({"fileId": voice, "seconds": 3600}),
            json!({"fileId": voice, "seconds": 3600}),
        ),
        ("poll", json!({"a": [1, {}]}), json!({"a": [1, {}]})),
        ("text", json!({"format": "md"}), json!({"format": "md"})),
    ] {
        ann.ask(&carrying(&bo, kind, said)).await.unwrap();
        let chat = bo.message().await;
        assert_eq!(chat.kind.as_deref(), Some(kind));
        assert_eq!(chat.msg, "[a file]", "for clients that know no kinds");
        let mut body = Value::Object(chat.body.unwrap());
        if kind == "file" {
            assert!(body["size"].as_u64().unwrap() > 60);
            body["size"] = json!(0);
        }
        assert_eq!(body, heard);
    }
}

#[tokio::test]
async fn a_body_that_its_kind_does_not_know_is_bad_and_names_the_field() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let voice = [b"OggS".as_slice(), &noise(100)].concat();
    let id = ann
        .upload("v.ogg", "audio/ogg", voice)
        .await
        .unwrap()
        .file_id;
    for (kind, body, field) in [
        ("image", Value::Null, "fileId"),
        ("file", json!({}), "fileId"),
        ("voice", json!({"fileId": id}), "seconds"),
        ("voice", json!({"fileId": id, "seconds": 0}), "seconds"),
        ("voice", json!({"fileId": id, "seconds": 3601}), "seconds"),
        ("file", json!({"fileId": 7}), "body"),
        ("poll", json!({"x": "y".repeat(4096)}), "4096"),
    ] {
        let refused = ann.ask(&carrying(&bo, kind, body.clone())).await;
        match refused {
            Err(Error::BadRequest(why)) => {
                assert!(why.starts_with("body: ") && why.contains(field), "{why}");
            }
            other => panic!("{kind} {body}: {other:?}"),
        }
    }
    let as_image = carrying(&bo, "image", json!({"fileId": id}));
    assert_eq!(ann.code(&as_image).await, Code::NotWhatItSays);
    bo.heard_nothing().await;
}

#[tokio::test]
async fn who_may_read_the_message_may_have_the_file_and_send_it_on() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy] = server.users(["ann", "bo", "cy"]).await;
    ann.befriend(&mut bo).await;
    bo.befriend(&mut cy).await;
    let content = picture(40, 30, ImageFormat::Png);
    let file = ann.upload("a.png", "image/png", content).await.unwrap();
    let body = json!({"fileId": file.file_id});
    let may = async |person: &Person| {
        let whole = reply(get(&server, person, &file.url)).await.status;
        let thumb = reply(get(&server, person, &format!("{}/thumb", file.url)))
            .await
            .status;
        assert_eq!(whole, thumb);
        whole == 200
    };
    // Knowing its id is not enough to give it to oneself.
    let stolen = carrying(&bo, "image", body.clone());
    assert_eq!(cy.code(&stolen).await, Code::NoSuchFile);
    ann.ask(&carrying(&bo, "image", body.clone()))
        .await
        .unwrap();
    assert!(may(&ann).await && may(&bo).await && !may(&cy).await);
    bo.ask(&carrying(&cy, "image", body)).await.unwrap();
    assert!(may(&cy).await);
    // What was received stays with those who were friends.
    ann.remove_friend(bo.id()).await.unwrap();
    assert!(may(&bo).await);
}

#[tokio::test]
async fn a_file_sent_again_where_it_would_be_refused_now_is_answered_with_the_first_result() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let photo = picture(40, 30, ImageFormat::Png);
    let photo = ann.upload("a.png", "image/png", photo).await.unwrap();
    let voice = [b"OggS".as_slice(), &noise(100)].concat();
    let voice = ann.upload("v.ogg", "audio/ogg", voice).await.unwrap();
    let (photo, voice) = (photo.file_id, voice.file_id);
    let keyed = |key: &str, kind: &str, body: Value| SendMsg {
        client_msg_id: Some(Text::new(key).unwrap()),
        when_offline: Some(WhenOffline::Refuse),
        ..carrying(&bo, kind, body)
    };
    let messages = [
        keyed("1", "image", json!({"fileId": photo})),
        keyed("2", "file", json!({"fileId": photo})),
        keyed("3", "voice", json!({"fileId": voice, "seconds": 7})),
    ];
    let others = [
        keyed("1", "file", json!({"fileId": photo})),
        keyed("2", "file", json!({"fileId": voice})),
        keyed("3", "voice", json!({"fileId": voice, "seconds": 8})),
    ];
    let anew = keyed("4", "file", json!({"fileId": photo}));
    let mut first = Vec::new();
    for message in &messages {
        first.push(ann.ask(message).await.unwrap());
    }
    bo.go_offline().await;
    for ((message, other), first) in messages.iter().zip(&others).zip(first) {
        assert_eq!(ann.ask(message).await.unwrap(), first);
        assert_eq!(ann.code(other).await, Code::BadRequest);
    }
    assert_eq!(ann.code(&anew).await, Code::TargetOffline);
}

#[tokio::test]
async fn what_was_recalled_is_only_its_owners_again() {
    let server = TestServer::start().await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let file = ann.upload("a", TEXT, "oh no").await.unwrap();
    let body = json!({"fileId": file.file_id});
    let sent = ann.ask(&carrying(&bo, "file", body)).await.unwrap();
    let status = async |person: &Person| reply(get(&server, person, &file.url)).await.status;
    assert_eq!(status(&bo).await, 200);
    let recall = json!({"toUserId": bo.id(), "seq": sent.seq});
    let answer = Everything::of(&ann)
        .await
        .ask(Operation::Recall, recall)
        .await;
    assert_eq!(answer["code"], "0000");
    assert_eq!((status(&bo).await, status(&ann).await), (404, 200));
}

#[tokio::test]
async fn a_file_ends_with_its_last_message_but_not_before_it_can_be_fetched() {
    let mut server = TestServer::start_with(|config| {
        config.messages.keep = Keep::UntilDelivered;
        config.messages.sweep_seconds = 1;
        config.limits.requests_per_second = 1_000_000;
    })
    .await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let file = ann.upload("a", TEXT, "read me").await.unwrap();
    let body = json!({"fileId": file.file_id});
    ann.ask(&carrying(&bo, "file", body)).await.unwrap();
    bo.message().await;
    let mut asks = Everything::of(&ann).await;
    soon("the sweep", async {
        let place = json!({"toUserId": bo.id()});
        while asks.ask(Operation::History, place.clone()).await["data"]["list"] != json!([]) {}
    })
    .await;
    assert_eq!(reply(get(&server, &bo, &file.url)).await.status, 200);
    server.clock.advance(25 * 60 * 60 * 1000);
    server.restart().await;
    soon("the end of the file", async {
        while !stored(&server).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(reply(get(&server, &bo, &file.url)).await.status, 404);
}

#[tokio::test]
async fn a_groups_files_are_its_members_and_nobody_elses() {
    let server = TestServer::start().await;
    let [mut ann, mut bo, mut cy, dee] = server.users(["ann", "bo", "cy", "dee"]).await;
    let group = ann.group("choir").await;
    ann.admit(group, &mut bo).await;
    let file = ann.upload("song.txt", TEXT, "la la").await.unwrap();
    let message = SendMsg {
        to_user_id: None,
        to_group_id: Some(group),
        ..carrying(&bo, "file", json!({"fileId": file.file_id}))
    };
    ann.ask(&message).await.unwrap();
    let status = async |person: &Person| reply(get(&server, person, &file.url)).await.status;
    assert_eq!((status(&bo).await, status(&dee).await), (200, 404));
    ann.admit(group, &mut cy).await;
    assert_eq!(status(&cy).await, 404, "it was sent before they came");
    bo.leave_group(group).await.unwrap();
    assert_eq!(status(&bo).await, 404, "an ex-member finds nothing");
    assert_eq!(status(&ann).await, 200);
}

#[tokio::test]
async fn where_nothing_is_kept_files_are_refused_and_other_kinds_are_not() {
    let server = TestServer::start_with(|config| config.messages.keep = Keep::None).await;
    let [mut ann, mut bo] = server.users(["ann", "bo"]).await;
    ann.befriend(&mut bo).await;
    let file = carrying(&bo, "file", json!({"fileId": FileId::mint()}));
    assert_eq!(ann.code(&file).await, Code::FilesNotKept);
    let refused = ann.upload("a", TEXT, "x").await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::FilesNotKept));
    ann.ask(&carrying(&bo, "poll", json!({"a": 1})))
        .await
        .unwrap();
    assert_eq!(bo.message().await.body.unwrap()["a"], 1);
}
