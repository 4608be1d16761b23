//! The account API as a table: what every endpoint does alike.

use std::collections::BTreeSet;

use hongyan_protocol::{
    Code, Endpoint, EventType,
    group::{GroupUpdate, JoinPolicy},
    id::GroupId,
};
use hongyan_server::config::{Config, Keep};
use image::ImageFormat;
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::{Map, Value, json};

use crate::{
    harness::{PASSWORD, Person, Reply, TestServer, Web, reply},
    user::picture,
};

/// Parameters, as JSON has them.
pub(crate) type Params = Map<String, Value>;

/// Everything the table is asked with: a server, somebody who asks, and a friend.
pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) web: Web,
    pub(crate) friend: Person,
    /// An open group of the friend's.
    pub(crate) group: GroupId,
    pub(crate) people: u32,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start_with(|config| {
            config.limits.picture_bytes = 1000;
            config.limits.picture_pixels = 10_000;
            config.limits.file_bytes = 100_000;
            config.files.quota_bytes = 150_000;
        })
        .await;
        let web = server.web();
        let mut friend = server.user("friend").await;
        let group = friend.group("open").await;
        let open = GroupUpdate {
            join: Some(JoinPolicy::Open),
            ..GroupUpdate::of(group)
        };
        friend.update_group(&open).await.unwrap();
        friend.expect(EventType::GroupUpdated).await;
        let people = 0;
        Self {
            server,
            web,
            friend,
            group,
            people,
        }
    }

    /// Somebody new, so that no request meets what another one did.
    pub(crate) async fn newcomer(&mut self) -> Person {
        self.people += 1;
        self.server
            .offline_user(&format!("new{}", self.people))
            .await
    }

    /// A friend of [`friend`](Self::friend).
    pub(crate) async fn befriended(&mut self) -> Person {
        let mut person = self.newcomer().await;
        person.befriend(&mut self.friend).await;
        person
    }

    /// Somebody whose group takes the place of the friend's.
    pub(crate) async fn group_owner(&mut self) -> Person {
        let person = self.newcomer().await;
        self.group = person.group(&format!("own-{}", self.people)).await;
        person
    }

    /// What this endpoint does something with.
    pub(crate) fn good(&self, endpoint: Endpoint, caller: &Person) -> Params {
        let fresh = format!("fresh-{}", self.people);
        let params = match endpoint {
            Endpoint::Registe => json!({
                "username": fresh, "password": PASSWORD, "nickname": "新人", "sex": "1", "sign": "hi",
            }),
            Endpoint::Login => json!({"username": caller.name(), "password": PASSWORD}),
            Endpoint::Logout
            | Endpoint::GetInfo
            | Endpoint::Sessions
            | Endpoint::EndOtherSessions
            | Endpoint::FriendList
            | Endpoint::UploadFile => json!({}),
            Endpoint::EndSession => json!({"sessionId": caller.session_id()}),
            Endpoint::Card => json!({"userId": self.friend.id()}),
            Endpoint::FriendApplyList | Endpoint::GroupApplyList | Endpoint::GroupInviteList => {
                json!({"direction": "sent", "page": "1"})
            }
            Endpoint::BlockList => json!({"page": "1"}),
            Endpoint::UpdateInfo => json!({"nickname": "安娜", "sign": "", "sex": "0"}),
            Endpoint::ChangePassword => json!({
                "oldPassword": PASSWORD, "newPassword": "another one", "verifyPassword": "another one",
            }),
            Endpoint::SearchUser => {
                json!({"username": "nobody-here", "nickname": "x", "page": "1"})
            }
            Endpoint::SetRemark => json!({"friendUserId": self.friend.id(), "remark": "老友"}),
            Endpoint::CreateGroup => json!({
                "groupName": fresh, "groupNickname": "合唱团", "introduction": "",
            }),
            Endpoint::SearchGroup => {
                json!({"groupName": "no-such-group", "groupNickname": "x", "page": "1"})
            }
            Endpoint::GroupList => json!({"type": "1"}),
            Endpoint::MemberList => json!({"groupId": "no-such-group"}),
            Endpoint::GroupInfo | Endpoint::UpdateAvatar => json!({"groupId": self.group}),
        };
        match params {
            Value::Object(params) => params,
            _ => unreachable!("parameters are an object"),
        }
    }

    /// A request with these parameters: in the address of a GET, as JSON in the body of a POST.
    pub(crate) fn request(&self, endpoint: Endpoint, params: &Params) -> RequestBuilder {
        let request = self.web.request(endpoint.method(), endpoint.path());
        match endpoint.method() {
            "GET" => request.query(&pairs(params)),
            _ if endpoint == Endpoint::UploadFile => request.multipart(upload("", b"hello")),
            _ => request.json(params),
        }
    }

    /// The same with an urlencoded form in the body of a POST.
    pub(crate) fn form(&self, endpoint: Endpoint, params: &Params) -> RequestBuilder {
        match endpoint.method() {
            "GET" => self.request(endpoint, params),
            _ if endpoint == Endpoint::UploadFile => self.request(endpoint, params),
            _ => self.web.post(endpoint.path()).form(&pairs(params)),
        }
    }
}

/// A form with a file of this media type; empty: it does not say one.
pub(crate) fn upload(media_type: &str, content: &[u8]) -> Form {
    let part = Part::bytes(content.to_vec()).file_name("a file");
    let part = match media_type {
        "" => part,
        media_type => part.mime_str(media_type).unwrap(),
    };
    Form::new().part("file", part)
}

/// Whether this endpoint takes parameters as JSON or as an urlencoded form.
fn takes_texts(endpoint: &&Endpoint) -> bool {
    endpoint.method() == "POST" && endpoint.takes() != "-" && **endpoint != Endpoint::UploadFile
}

/// Parameters as addresses and forms have them: an array is a parameter that is repeated, and null is none.
fn pairs(params: &Params) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    for (name, value) in params {
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name.as_str(), text.as_str())),
            Value::Array(texts) => {
                pairs.extend(
                    texts
                        .iter()
                        .map(|text| (name.as_str(), text.as_str().unwrap())),
                );
            }
            other => panic!("{name}: a form has no {other}"),
        }
    }
    pairs
}

/// Whether this endpoint answers those who have not logged in.
fn is_open(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Registe | Endpoint::Login)
}

fn lists_are_arrays(endpoint: Endpoint, data: &Value) {
    if endpoint == Endpoint::Sessions {
        let list = data["list"].as_array().unwrap();
        assert_eq!(list.len(), 1, "the one that asks");
    } else if endpoint.gives().starts_with("list:") {
        assert_eq!(data, &json!({"list": []}), "{}", endpoint.path());
    } else if endpoint.gives().starts_with("by groupId:") {
        assert_eq!(data, &json!({"no-such-group": []}), "{}", endpoint.path());
    } else if endpoint.gives() == "-" {
        assert_eq!(data, &Value::Null, "{}", endpoint.path());
    } else {
        assert!(data.is_object(), "{}: {data}", endpoint.path());
    }
}

/// Nothing is missing, and nothing is there that the type does not have.
fn is_of_its_type(endpoint: Endpoint, data: &Value) {
    let read = endpoint.read_reply(data);
    let read = read.unwrap_or_else(|error| panic!("{}: {error}", endpoint.path()));
    // A group is named as it was asked for, also where that is no id of ours.
    if endpoint != Endpoint::MemberList {
        assert_eq!(&read, data, "{}", endpoint.path());
    }
}

#[tokio::test]
async fn every_endpoint_takes_json_and_forms_and_its_success_carries_no_code() {
    let mut world = World::new().await;
    for &endpoint in Endpoint::ALL {
        for as_form in [false, true] {
            let caller = match endpoint {
                Endpoint::SetRemark => world.befriended().await,
                Endpoint::UpdateAvatar => world.group_owner().await,
                _ => world.newcomer().await,
            };
            let params = world.good(endpoint, &caller);
            let request = match as_form {
                false => world.request(endpoint, &params),
                true => world.form(endpoint, &params),
            };
            let answer = reply(request.bearer_auth(caller.token())).await;
            assert_eq!(answer.header("content-type"), "application/json");
            lists_are_arrays(endpoint, &answer.data());
            is_of_its_type(endpoint, &answer.data());
        }
    }
}

#[tokio::test]
async fn both_spellings_of_register_are_one_endpoint() {
    let world = World::new().await;
    let user = |name: &str| json!({"username": name, "password": PASSWORD, "nickname": "a"});
    let answer = reply(world.web.post("/api/register").json(&user("anna"))).await;
    assert_eq!(answer.data()["username"], "anna");
    let answer = reply(world.web.post("/api/registe").json(&user("anna"))).await;
    assert_eq!(answer.refusal(), Code::UsernameTaken);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_the_right_one_is_named() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for &endpoint in Endpoint::ALL {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let right =
                method == endpoint.method() || method == "HEAD" && endpoint.method() == "GET";
            if right {
                continue;
            }
            let request = world.web.request(method, endpoint.path());
            let answer = reply(request.bearer_auth(caller.token())).await;
            assert_eq!(answer.status, 405, "{method} {}", endpoint.path());
            let allowed: BTreeSet<_> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(allowed.contains(endpoint.method()), "{allowed:?}");
            assert!(!allowed.contains(method), "{allowed:?}");
            if method != "HEAD" {
                assert!(!answer.failure(405).is_empty());
            }
            // Nobody's page may ask across origins.
            assert_eq!(answer.header("access-control-allow-origin"), "");
        }
    }
    assert_eq!(
        caller.get_info().await.unwrap().id,
        caller.id(),
        "nothing was done"
    );
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    let gets = Endpoint::ALL
        .iter()
        .filter(|endpoint| endpoint.method() == "GET");
    for &endpoint in gets {
        let params = world.good(endpoint, &caller);
        let ask = |method: &str| {
            let request = world.web.request(method, endpoint.path());
            reply(request.query(&pairs(&params)).bearer_auth(caller.token()))
        };
        let (get, head) = (ask("GET").await, ask("HEAD").await);
        assert_eq!(
            (head.status, head.body.len()),
            (200, 0),
            "{}",
            endpoint.path()
        );
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
    }
}

#[tokio::test]
async fn without_a_session_everything_but_registering_and_logging_in_is_401() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for &endpoint in Endpoint::ALL {
        let params = world.good(endpoint, &caller);
        for token in [None, Some(""), Some("nonsense"), Some(&"x".repeat(5000))] {
            if is_open(endpoint) {
                continue;
            }
            // Parameters are not looked at before it is known who asks.
            for params in [&params, &Params::new()] {
                let mut request = world.request(endpoint, params);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                let answer = reply(request).await;
                assert_eq!(answer.failure(401), "unauthorized", "{}", endpoint.path());
            }
        }
    }
    for &endpoint in Endpoint::ALL.iter().filter(|&&endpoint| is_open(endpoint)) {
        let params = world.good(endpoint, &caller);
        let answer = reply(world.request(endpoint, &params)).await;
        assert!(answer.data().is_object(), "{}", endpoint.path());
    }
}

#[tokio::test]
async fn every_refusal_of_the_table_can_be_met() {
    let mut world = World::new().await;
    for &endpoint in Endpoint::ALL {
        for &code in endpoint.refusals() {
            let caller = world.newcomer().await;
            let answer = provoke(&world, endpoint, code, &caller).await;
            assert_eq!(answer.refusal(), code, "{}", endpoint.path());
        }
    }
}

/// Asks for what is refused with this code.
async fn provoke(world: &World, endpoint: Endpoint, code: Code, caller: &Person) -> Reply {
    let mut params = world.good(endpoint, caller);
    let mut set = |name: &str, value: &str| {
        let known = params.insert(name.to_owned(), json!(value));
        assert!(known.is_some(), "{name} is a parameter");
    };
    match (endpoint, code) {
        (Endpoint::Registe, Code::UsernameTaken) => {
            set("username", &caller.name().to_uppercase());
        }
        (Endpoint::Login, Code::NoSuchAccount) => set("username", "nobody"),
        (Endpoint::Login, Code::WrongPassword) => set("password", "wrong horse"),
        (Endpoint::ChangePassword, Code::WrongPassword) => set("oldPassword", "wrong horse"),
        (Endpoint::ChangePassword, Code::SamePassword) => {
            set("newPassword", PASSWORD);
            set("verifyPassword", PASSWORD);
        }
        (Endpoint::ChangePassword, Code::BadPassword) => {
            set("newPassword", "short");
            set("verifyPassword", "short");
        }
        (Endpoint::SetRemark, Code::NotAFriend) => {}
        (Endpoint::EndSession, Code::NoSuchSession) => set("sessionId", "no-such-login"),
        (Endpoint::Card, Code::NoSuchUser) => set("userId", "nobody"),
        (Endpoint::GroupInfo, Code::NoSuchGroup) => set("groupId", "no-such-group"),
        (Endpoint::CreateGroup, Code::GroupNameTaken) => {
            let first = world.request(endpoint, &params).bearer_auth(caller.token());
            assert!(reply(first).await.data().is_object());
            params["groupName"] = json!(params["groupName"].as_str().unwrap().to_uppercase());
        }
        (Endpoint::UpdateAvatar, Code::NoSuchGroup) => set("groupId", "no-such-group"),
        (Endpoint::UpdateAvatar, Code::NotMember) => {}
        (Endpoint::UpdateAvatar, Code::NotAllowed) => {
            caller.join_group(world.group, "").await.unwrap();
        }
        (Endpoint::UploadFile, code) => return provoke_upload(world, code, caller).await,
        (endpoint, code) => panic!("{endpoint:?}: say here how {code} is met"),
    }
    reply(world.request(endpoint, &params).bearer_auth(caller.token())).await
}

/// Uploads what is refused with this code.
async fn provoke_upload(world: &World, code: Code, caller: &Person) -> Reply {
    let send = |web: &Web, media_type: &str, content: &[u8], token: &str| {
        let request = web.post("/api/file").bearer_auth(token);
        reply(request.multipart(upload(media_type, content)))
    };
    let (web, token) = (&world.web, caller.token());
    match code {
        Code::FilesNotKept => {
            let keep_none = |config: &mut Config| config.messages.keep = Keep::None;
            let server = TestServer::start_with(keep_none).await;
            let ann = server.offline_user("ann").await;
            send(&server.web(), "", b"hello", ann.token()).await
        }
        Code::FileTooLarge => send(web, "", &[7; 100_001], token).await,
        Code::QuotaExceeded => {
            assert!(send(web, "", &[7; 80_000], token).await.data().is_object());
            send(web, "", &[7; 80_000], token).await
        }
        Code::NotWhatItSays => send(web, "image/png", b"hello", token).await,
        Code::PictureTooLarge => {
            let picture = picture(101, 100, ImageFormat::Png);
            send(web, "image/png", &picture, token).await
        }
        code => panic!("say here how {code} is met"),
    }
}

/// Values that each field of an endpoint does not take; null stands for a field that is missing.
fn bad_values(endpoint: Endpoint) -> Vec<(&'static str, Vec<Value>)> {
    let missing = Value::Null;
    let long = |characters: usize| json!("雁".repeat(characters));
    let names = || {
        let mut names: Vec<Value> = [
            "",
            "ann",
            "an na",
            "ann@",
            "安娜安娜",
            "anna\n",
            "12345678901234567",
        ]
        .map(Value::from)
        .into();
        names.extend([missing.clone(), json!(7), json!(["anna"])]);
        names
    };
    let wanted = |longest: usize| {
        vec![
            json!(""),
            missing.clone(),
            json!(7),
            long(longest + 1),
            json!("a\0b"),
        ]
    };
    let optional = |longest: usize| vec![json!(7), long(longest + 1), json!("a\0b")];
    let sex = || vec![json!("2"), json!(""), json!(1), json!("male")];
    let part = || vec![long(65), json!("a\0b")];
    let page = || {
        vec![
            json!("x"),
            json!("-1"),
            json!("1.5"),
            json!(""),
            json!("4294967296"),
        ]
    };
    match endpoint {
        Endpoint::Registe => vec![
            ("username", names()),
            (
                "password",
                vec![
                    missing.clone(),
                    json!(7),
                    json!("12345"),
                    json!("x".repeat(129)),
                    long(43),
                ],
            ),
            ("nickname", wanted(64)),
            ("sex", sex()),
            ("sign", optional(200)),
        ],
        Endpoint::Login => vec![
            ("username", wanted(64)),
            ("password", vec![missing.clone(), json!(7)]),
        ],
        Endpoint::UpdateInfo => vec![
            (
                "nickname",
                vec![json!(""), json!(7), long(65), json!("a\0b")],
            ),
            ("sign", optional(200)),
            ("sex", sex()),
        ],
        Endpoint::ChangePassword => ["oldPassword", "newPassword", "verifyPassword"]
            .map(|field| (field, vec![missing.clone(), json!(7)]))
            .into(),
        Endpoint::SearchUser => vec![("username", part()), ("nickname", part()), ("page", page())],
        Endpoint::SetRemark => vec![
            (
                "friendUserId",
                vec![missing.clone(), json!(""), json!(7), json!("x".repeat(65))],
            ),
            ("remark", optional(128)),
        ],
        Endpoint::CreateGroup => vec![
            ("groupName", names()),
            ("groupNickname", wanted(64)),
            ("introduction", optional(500)),
        ],
        Endpoint::SearchGroup => vec![
            ("groupName", part()),
            ("groupNickname", part()),
            ("page", page()),
        ],
        Endpoint::GroupList => vec![(
            "type",
            vec![missing, json!(""), json!("0"), json!("3"), json!("1 ")],
        )],
        Endpoint::MemberList => {
            let many: Vec<String> = (0..51).map(|n| format!("group-{n}")).collect();
            vec![(
                "groupId",
                vec![
                    missing,
                    json!(""),
                    json!("x".repeat(65)),
                    json!(["a", ""]),
                    json!(many),
                ],
            )]
        }
        Endpoint::FriendApplyList | Endpoint::GroupApplyList | Endpoint::GroupInviteList => vec![
            ("direction", vec![json!(""), json!("Sent"), json!("7")]),
            ("page", page()),
        ],
        Endpoint::BlockList => vec![("page", page())],
        Endpoint::EndSession => vec![(
            "sessionId",
            vec![missing, json!(""), json!(7), json!("x".repeat(65))],
        )],
        Endpoint::Card => vec![("userId", vec![missing, json!(""), json!("x".repeat(65))])],
        Endpoint::GroupInfo => vec![("groupId", vec![missing, json!(""), json!("x".repeat(65))])],
        Endpoint::UpdateAvatar => vec![(
            "groupId",
            vec![missing, json!(""), json!(7), json!("x".repeat(65))],
        )],
        Endpoint::Logout
        | Endpoint::GetInfo
        | Endpoint::Sessions
        | Endpoint::EndOtherSessions
        | Endpoint::FriendList
        | Endpoint::UploadFile => vec![],
    }
}

/// The names of parameters in the table's text.
fn fields(endpoint: Endpoint) -> BTreeSet<&'static str> {
    const PROSE: [&str; 11] = [
        "received",
        "sent",
        "all",
        "multipart",
        "file",
        "exact",
        "part",
        "joined",
        "owned",
        "repeatable",
        "",
    ];
    endpoint
        .takes()
        .split(|letter: char| !letter.is_ascii_alphabetic())
        .filter(|word| !PROSE.contains(word))
        // Files are not text: their test is with the other ones of pictures.
        .filter(|word| *word != "headImage")
        .collect()
}

#[tokio::test]
async fn a_bad_parameter_is_400_and_named() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for &endpoint in Endpoint::ALL {
        let bad = bad_values(endpoint);
        let tested: BTreeSet<_> = bad.iter().map(|(field, _)| *field).collect();
        assert_eq!(tested, fields(endpoint), "{}", endpoint.path());
        for (field, values) in bad {
            for value in values {
                let mut params = world.good(endpoint, &caller);
                params.insert(field.to_owned(), value.clone());
                if value.is_null() {
                    params.remove(field);
                }
                let case = format!("{} {field} {value}", endpoint.path());
                // A form cannot say what is no text.
                let is_text = value.is_string() || value.is_null();
                let forms = is_text && endpoint.method() == "POST";
                let json = world.request(endpoint, &params);
                let form = forms.then(|| world.form(endpoint, &params));
                for request in [Some(json), form].into_iter().flatten() {
                    let answer = reply(request.bearer_auth(caller.token())).await;
                    assert_eq!(answer.status, 400, "{case}: {}", answer.text());
                    let message = answer.failure(400);
                    let (named, why) = message.split_once(": ").expect(&message);
                    assert_eq!(named, field, "{case}: {message}");
                    assert!(
                        !why.is_empty() && !why.contains("line"),
                        "{case}: {message}"
                    );
                }
            }
        }
    }
    let info = caller.get_info().await.unwrap();
    assert_eq!(&info, caller.user(), "nothing was done");
}

#[tokio::test]
async fn a_search_for_nothing_is_400() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for (endpoint, first, second) in [
        (Endpoint::SearchUser, "username", "nickname"),
        (Endpoint::SearchGroup, "groupName", "groupNickname"),
    ] {
        for params in [
            json!({}),
            json!({first: "", second: ""}),
            json!({"page": "1"}),
        ] {
            let params = params.as_object().unwrap();
            let request = world.request(endpoint, params).bearer_auth(caller.token());
            let why = reply(request).await.failure(400);
            assert!(why.contains(first) && why.contains(second), "{why}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_and_no_form_is_400() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for &endpoint in Endpoint::ALL.iter().filter(takes_texts) {
        let some_field = *fields(endpoint).first().unwrap();
        let params = Value::Object(world.good(endpoint, &caller)).to_string();
        let no_utf8 = [b"{\"", some_field.as_bytes(), b"\": \"\xff\"}"].concat();
        let ask = |kind: &str, body: &[u8]| {
            let request = world.web.post(endpoint.path()).bearer_auth(caller.token());
            reply(request.header("content-type", kind).body(body.to_vec()))
        };
        let json = "application/json; charset=utf-8";
        for body in [
            b"".as_slice(),
            b"null",
            b"[]",
            b"{",
            &no_utf8,
            format!("{params}{params}").as_bytes(),
            &[b'['; 60_000],
        ] {
            let why = ask(json, body).await.failure(400);
            assert!(!why.is_empty());
        }
        for kind in ["text/plain", "application/octet-stream", "json"] {
            let why = ask(kind, params.as_bytes()).await.failure(400);
            assert!(why.starts_with("Content-Type: "), "{why}");
        }
    }
    assert_eq!(
        &caller.get_info().await.unwrap(),
        caller.user(),
        "nothing was done"
    );
}

#[tokio::test]
async fn a_body_above_its_bound_is_413() {
    let mut world = World::new().await;
    let caller = world.newcomer().await;
    for &endpoint in Endpoint::ALL.iter().filter(takes_texts) {
        let mut params = world.good(endpoint, &caller);
        params.insert("more".to_owned(), json!("x".repeat(66 * 1024)));
        for request in [
            world.request(endpoint, &params),
            world.form(endpoint, &params),
        ] {
            let answer = reply(request.bearer_auth(caller.token())).await;
            assert!(!answer.failure(413).is_empty(), "{}", endpoint.path());
        }
        // What is no parameter is passed over.
        params.insert("more".to_owned(), json!("x"));
        if endpoint == Endpoint::UpdateInfo {
            let request = world.request(endpoint, &params).bearer_auth(caller.token());
            assert_eq!(reply(request).await.data()["nickname"], params["nickname"]);
        }
    }
}
