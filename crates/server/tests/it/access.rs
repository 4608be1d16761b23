//! Who may do what: one table of everybody and every operation.

use futures_util::future::join_all;
use hongyan_protocol::Operation;
use serde_json::{Value, json};

use crate::harness::{Role, Scene, TestServer, exchange, soon, stage};

/// The columns of [`TABLE`]; the last is somebody who has not logged in.
const WHO: [Option<Role>; 7] = [
    Some(Role::Applicant),
    Some(Role::Addressee),
    Some(Role::Owner),
    Some(Role::Member),
    Some(Role::ExMember),
    Some(Role::Outsider),
    None,
];

/// What is asked for, and how each of them is answered: with a code, or with the socket closed (1008).
#[rustfmt::skip]
const TABLE: &[(Operation, Request, [&str; 7])] = {
    use Operation::*;
    &[
    //                                 applicant addressee owner  member ex-memb. outsider anonymous
    (SendMsg,          to_the_guest,  ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (SendMsg,          to_the_group,  ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (SendMsg,          to_the_member, ["0001",  "0001",  "0001", "9997", "0001", "0001",  "1008"]),
    (Recall,           the_word,      ["0001",  "0001",  "0003", "0000", "0001", "0001",  "1008"]),
    (Edit,             another_word,  ["0001",  "0001",  "0003", "0000", "0001", "0001",  "1008"]),
    (React,            a_reaction,    ["0001",  "0001",  "0003", "0000", "0001", "0001",  "1008"]),
    (History,          to_the_guest,  ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (History,          to_the_group,  ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (Conversations,    nothing,       ["0000",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (Sync,             a_cursor,      ["0000",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (Read,             the_word,      ["0001",  "0001",  "0003", "0000", "0001", "0001",  "1008"]),
    (Readers,          the_word,      ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (Typing,           to_the_guest,  ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (Typing,           to_the_group,  ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (Settings,         to_the_group,  ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (Keep,             to_the_guest,  ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (Keep,             to_the_group,  ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (Ping,             nothing,       ["0000",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (FriendAdd,        the_addressee, ["0105",  "0104",  "0103", "0000", "0000", "0000",  "1008"]),
    (FriendAdd,        the_applicant, ["0104",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (FriendAddReply,   agreed,        ["0101",  "0000",  "0101", "0101", "0101", "0101",  "1008"]),
    (FriendDel,        the_guest,     ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (FriendFavourite,  the_favourite, ["0001",  "0001",  "0000", "0000", "0001", "0001",  "1008"]),
    (FriendBlock,      the_blocked,   ["0000",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (GroupAdd,         the_group,     ["0203",  "0000",  "0202", "0202", "0000", "0000",  "1008"]),
    (GroupAddReply,    agreed,        ["0204",  "0204",  "0000", "0204", "0204", "0204",  "1008"]),
    (GroupInvite,      the_guest,     ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (GroupInvite,      the_addressee, ["0206",  "0206",  "0208", "0001", "0206", "0206",  "1008"]),
    (GroupInviteReply, agreed,        ["0209",  "0000",  "0209", "0209", "0209", "0209",  "1008"]),
    (GroupLeave,       the_group,     ["0206",  "0206",  "0211", "0000", "0206", "0206",  "1008"]),
    (GroupKick,        the_bass,      ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupKick,        the_member,    ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (ChatSearch,       anything,      ["0000",  "0000",  "0000", "0000", "0000", "0000",  "1008"]),
    (ChatSearch,       in_the_group,  ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    (GroupKick,        the_owner,     ["0206",  "0206",  "0207", "0207", "0206", "0206",  "1008"]),
    (GroupUpdate,      announced,     ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupUpdate,      the_group,     ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupSetRole,     an_admin,      ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupHandOver,    the_bass,      ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupHandOver,    the_member,    ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupHandOver,    the_owner,     ["0206",  "0206",  "0207", "0207", "0206", "0206",  "1008"]),
    (GroupDissolve,    the_group,     ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupMute,        the_bass_mute, ["0206",  "0206",  "0000", "0207", "0206", "0206",  "1008"]),
    (GroupMute,        the_owner_mute,["0206",  "0206",  "0207", "0207", "0206", "0206",  "1008"]),
    (GroupSetNickname, the_group,     ["0206",  "0206",  "0000", "0000", "0206", "0206",  "1008"]),
    ]
};

/// Names the object of an operation in a scene.
type Request = fn(&Scene) -> Value;

fn to_the_guest(scene: &Scene) -> Value {
    json!({"toUserId": scene.id(Role::Guest), "msg": "hi"})
}

fn to_the_group(scene: &Scene) -> Value {
    json!({"toGroupId": scene.group, "msg": "hi"})
}

fn to_the_member(scene: &Scene) -> Value {
    json!({"toUserId": scene.id(Role::Member), "msg": "hi"})
}

fn the_word(scene: &Scene) -> Value {
    scene.said()
}

fn another_word(scene: &Scene) -> Value {
    let mut edit = scene.said();
    edit["msg"] = json!("meant");
    edit
}

fn a_reaction(scene: &Scene) -> Value {
    let mut reaction = scene.said();
    reaction["emoji"] = json!("👍");
    reaction["on"] = json!(true);
    reaction
}

fn a_cursor(scene: &Scene) -> Value {
    json!({"cursors": [{"userId": scene.id(Role::Guest), "seq": 0}]})
}

fn nothing(_: &Scene) -> Value {
    json!({})
}

fn agreed(scene: &Scene) -> Value {
    json!({
        "friendApplyId": scene.friend_apply,
        "groupApplyId": scene.group_apply,
        "groupInviteId": scene.group_invite,
        "agree": true,
    })
}

fn the_group(scene: &Scene) -> Value {
    json!({"groupId": scene.group})
}

fn anything(_: &Scene) -> Value {
    json!({"query": "hi"})
}

fn in_the_group(scene: &Scene) -> Value {
    json!({"query": "hi", "toGroupId": scene.group})
}

fn user(scene: &Scene, role: Role) -> Value {
    json!({"groupId": scene.group, "userId": scene.id(role)})
}

fn the_guest(scene: &Scene) -> Value {
    user(scene, Role::Guest)
}

fn the_applicant(scene: &Scene) -> Value {
    user(scene, Role::Applicant)
}

fn the_addressee(scene: &Scene) -> Value {
    user(scene, Role::Addressee)
}

fn the_owner(scene: &Scene) -> Value {
    user(scene, Role::Owner)
}

fn the_member(scene: &Scene) -> Value {
    user(scene, Role::Member)
}

fn the_bass(scene: &Scene) -> Value {
    user(scene, Role::Bass)
}

/// What an operation wants besides whom it is about.
fn with(mut request: Value, field: &str, value: impl Into<Value>) -> Value {
    request[field] = value.into();
    request
}

fn the_favourite(scene: &Scene) -> Value {
    with(the_guest(scene), "favourite", true)
}

fn the_blocked(scene: &Scene) -> Value {
    with(the_guest(scene), "block", true)
}

fn announced(scene: &Scene) -> Value {
    with(the_group(scene), "announcement", "hear, hear")
}

fn an_admin(scene: &Scene) -> Value {
    with(the_bass(scene), "role", "admin")
}

fn the_bass_mute(scene: &Scene) -> Value {
    with(the_bass(scene), "seconds", 60)
}

fn the_owner_mute(scene: &Scene) -> Value {
    with(the_owner(scene), "seconds", 60)
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let server = stage().await;
    let mut wrong = Vec::new();
    for &(operation, request, expected) in TABLE {
        // Every cell has a scene of its own, so a row may be played at once.
        let cells = WHO.into_iter().zip(expected);
        let cells = cells.map(|(who, expected)| cell(&server, operation, request, who, expected));
        wrong.extend(join_all(cells).await.into_iter().flatten());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Plays one cell of the table; gives what was wrong with it.
async fn cell(
    server: &TestServer,
    operation: Operation,
    request: Request,
    who: Option<Role>,
    expected: &str,
) -> Option<String> {
    let scene = Scene::on(server).await;
    let request = request(&scene);
    let before = scene.state().await;
    let answered = match who {
        Some(role) => {
            let answer = scene.ask(role, operation, &request).await;
            answer.code.as_str().to_owned()
        }
        None => anonymous(server, operation, &request).await,
    };
    let cell = format!("{operation:?} {who:?} {request}: {answered}");
    if answered != "0000" {
        assert_eq!(scene.state().await, before, "{cell}");
    }
    (answered != expected).then(|| format!("{cell} instead of {expected}"))
}

/// Asks without a session: the handshake succeeds, the request is not answered, and the socket is closed.
async fn anonymous(server: &TestServer, operation: Operation, request: &Value) -> String {
    let mut socket = server.socket(operation.path(), &[]).await.unwrap();
    // The server may have closed already.
    _ = socket.send_text(request.to_string()).await;
    let answer = soon("the close", socket.next()).await;
    assert!(answer.is_err(), "{answer:?}");
    let code = soon("the close", socket.closed()).await;
    code.map_or("no code".to_owned(), |code| code.to_string())
}

#[tokio::test]
async fn the_table_has_every_operation() {
    for operation in Operation::ALL {
        assert!(
            TABLE.iter().any(|(named, ..)| named == operation),
            "{operation:?}"
        );
    }
}

#[tokio::test]
async fn a_session_that_is_over_opens_no_door_and_closes_those_that_are_open() {
    let server = stage().await;
    let scene = Scene::on(&server).await;
    let owner = scene.of(Role::Owner);
    let mut open = Vec::new();
    for &operation in Operation::ALL {
        open.push(owner.door(operation).await);
    }
    owner.logout().await.unwrap();
    for mut socket in open {
        assert_eq!(soon("the close", socket.closed()).await, Some(1008));
    }
    for &operation in Operation::ALL {
        let mut socket = owner.door(operation).await;
        assert_eq!(soon("the close", socket.closed()).await, Some(1008));
    }
}

/// Forged credentials are as good as none.
#[tokio::test]
async fn a_token_that_is_not_quite_right_opens_no_door() {
    let server = stage().await;
    let [ann, bo] = server.users(["ann", "bo"]).await;
    let token = ann.token();
    let mut guessed = token.to_owned();
    let last = guessed.pop().unwrap();
    guessed.push(if last == 'A' { 'B' } else { 'A' });
    let cases: [(&str, String); 6] = [
        ("Authorization", format!("Bearer {guessed}")),
        ("Authorization", "Bearer ".to_owned()),
        ("Authorization", format!("Basic {token}")),
        ("Cookie", format!("token={token}")),
        ("Cookie", format!("token={token}; uid={}", bo.id())),
        ("Cookie", format!("uid={}", ann.id())),
    ];
    for path in [Operation::SendMsg.path(), "/ws/notice/event"] {
        for (name, value) in &cases {
            let mut socket = server.socket(path, &[(name, value)]).await.unwrap();
            let code = soon("the close", socket.closed()).await;
            assert_eq!(code, Some(1008), "{path} {name}: {value}");
        }
    }
    let cookies = format!("token={token}; uid={}", ann.id());
    let path = Operation::FriendDel.path();
    let mut socket = server.socket(path, &[("Cookie", &cookies)]).await.unwrap();
    let request = json!({"userId": bo.id()}).to_string();
    assert_eq!(exchange(&mut socket, &request).await.code.as_str(), "0001");
}
