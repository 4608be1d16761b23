//! The client against a server that misbehaves on purpose.
#![allow(clippy::unwrap_used)]

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt, future::join_all};
use hongyan_client::{
    Error, LogoutReason, News, Session,
    protocol::{
        Code,
        friend::FriendDel,
        id::{MsgId, UserId},
        message::SendMsg,
    },
    to_user,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{Message, protocol::CloseFrame},
};

type Socket = WebSocketStream<TcpStream>;

/// Serves get_info over HTTP, and the n-th WebSocket (from 0) with `serve`; gives a session with it.
async fn session_with<F>(serve: impl Fn(usize, Socket) -> F + Send + Sync + 'static) -> Session
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let sockets = AtomicUsize::new(0);
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut start = [0; 7];
            while stream.peek(&mut start).await.unwrap() < start.len() {
                tokio::task::yield_now().await;
            }
            if &start == b"GET /ws" {
                let socket = accept_async(stream).await.unwrap();
                tokio::spawn(serve(sockets.fetch_add(1, Ordering::SeqCst), socket));
            } else {
                get_info(&mut stream).await;
            }
        }
    });
    Session::resume(&server, "token").await.unwrap()
}

async fn get_info(stream: &mut TcpStream) {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
    assert!(request.contains("authorization: bearer token"), "{request}");
    let id = UserId::mint();
    let body = format!(
        r#"{{"message":"ok","data":{{"id":"{id}","username":"anna","nickname":"Ann","headImg":"","sign":"","sex":"-1"}}}}"#
    );
    let length = body.len();
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn frame(socket: &mut Socket) -> Option<String> {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            return Some(text.as_str().to_owned());
        }
    }
    None
}

async fn say(socket: &mut Socket, text: impl Into<String>) {
    socket.send(Message::text(text.into())).await.unwrap();
}

async fn close(mut socket: Socket, code: u16) {
    let reason = CloseFrame {
        code: code.into(),
        reason: "".into(),
    };
    socket.close(Some(reason)).await.unwrap();
    while socket.next().await.is_some() {}
}

fn somebody() -> FriendDel {
    FriendDel {
        user_id: UserId::mint(),
    }
}

fn chat(seq: i64) -> String {
    let (from, id) = (UserId::from_bytes([7; 16]), MsgId::mint());
    format!(
        r#"{{"data":{{"msg":"hi","msgId":"{id}","seq":{seq}}},"eventType":"chat_f2f","fromUserId":"{from}","toUserId":"{from}","time":1}}"#
    )
}

#[tokio::test]
async fn calls_in_flight_get_their_own_answers_in_order() {
    let session = session_with(|socket_number, mut socket| async move {
        assert_eq!(socket_number, 0, "one socket carries them all");
        let mut requests = Vec::new();
        while requests.len() < 20 {
            let request = frame(&mut socket).await.unwrap();
            requests.push(serde_json::from_str::<FriendDel>(&request).unwrap());
        }
        for request in requests {
            let id = request.user_id;
            say(&mut socket, format!(r#"{{"code":"0000","desc":"{id}"}}"#)).await;
        }
        while socket.next().await.is_some() {}
    })
    .await;
    let requests: Vec<_> = (0..20).map(|_| somebody()).collect();
    let answers = join_all(requests.iter().map(|request| session.call(request))).await;
    for (request, answer) in requests.iter().zip(answers) {
        assert_eq!(answer.unwrap().desc, request.user_id.to_string());
    }
}

#[tokio::test]
async fn a_lost_socket_is_replaced_and_an_unanswered_call_fails() {
    let session = session_with(|socket_number, mut socket| async move {
        frame(&mut socket).await;
        if socket_number == 0 {
            return close(socket, 1001).await;
        }
        say(&mut socket, r#"{"code":"0001","desc":"?"}"#).await;
        close(socket, 1001).await;
    })
    .await;
    let lost = session.call(&somebody()).await.unwrap_err();
    assert!(matches!(lost, Error::Closed { code: Some(1001) }), "{lost}");
    for _ in 0..2 {
        let refused = session.remove_friend(UserId::mint()).await.unwrap_err();
        if refused.code() != Some(Code::NotFriend) {
            // The close may overtake the second call on its way out.
            assert!(refused.is_transient(), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_socket_that_fell_silent_carries_no_further_call() {
    let asked = Arc::new(Notify::new());
    let notify = Arc::clone(&asked);
    let session = session_with(move |socket_number, mut socket| {
        let asked = Arc::clone(&notify);
        async move {
            frame(&mut socket).await;
            if socket_number == 0 {
                asked.notify_one();
                std::future::pending::<()>().await;
            }
            say(&mut socket, r#"{"code":"0001","desc":"?"}"#).await;
            while socket.next().await.is_some() {}
        }
    })
    .await;
    let somebody = somebody();
    let unanswered = session.call(&somebody);
    let deadline = async {
        asked.notified().await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(30)).await;
        tokio::time::resume();
    };
    let (unanswered, ()) = tokio::join!(unanswered, deadline);
    let unanswered = unanswered.unwrap_err();
    assert!(matches!(unanswered, Error::Timeout(_)), "{unanswered}");
    let refused = session.remove_friend(UserId::mint()).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::NotFriend));
}

#[tokio::test]
async fn who_still_waits_on_a_socket_that_was_given_up_hears_why_it_ends() {
    let (asked, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (notify, ending) = (Arc::clone(&asked), Arc::clone(&end));
    let session = session_with(move |_, mut socket| {
        let (asked, end) = (Arc::clone(&notify), Arc::clone(&ending));
        async move {
            for _ in 0..2 {
                frame(&mut socket).await;
                asked.notify_one();
            }
            end.notified().await;
            close(socket, 4001).await;
        }
    })
    .await;
    let pass = async |seconds| {
        asked.notified().await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    let (early, late) = (somebody(), somebody());
    let later = async {
        pass(20).await;
        let ending = async {
            pass(11).await;
            end.notify_one();
        };
        tokio::join!(session.call(&late), ending).0
    };
    let (early, late) = tokio::join!(session.call(&early), later);
    let (early, late) = (early.unwrap_err(), late.unwrap_err());
    assert!(matches!(early, Error::Timeout(_)), "{early}");
    assert!(late.is_logged_out(), "{late}");
}

#[tokio::test]
async fn a_reliable_message_goes_out_again_under_the_same_mark() {
    let session = session_with(|socket_number, mut socket| async move {
        let mut marks = Vec::new();
        while let Some(request) = frame(&mut socket).await {
            let request: SendMsg = serde_json::from_str(&request).unwrap();
            marks.push(request.client_msg_id.unwrap().to_string());
            match (socket_number, marks.len()) {
                (0, _) => return,
                (_, 1) => {
                    let wait = r#"{"code":"9996","desc":"","data":{"retryAfter":1}}"#;
                    say(&mut socket, wait).await;
                }
                (_, 2) => say(&mut socket, r#"{"code":"9998","desc":""}"#).await,
                _ => {
                    assert!(marks.iter().all(|mark| *mark == marks[0]));
                    let id = MsgId::read(&marks[0]);
                    let sent = format!(
                        r#"{{"code":"0000","desc":"","data":{{"msgId":"{id}","seq":1,"time":1}}}}"#
                    );
                    say(&mut socket, sent).await;
                }
            }
        }
    })
    .await;
    let mark = MsgId::mint();
    let mut draft = to_user(UserId::mint(), "hi").unwrap();
    draft.client_msg_id = hongyan_client::protocol::text::Text::new(mark.to_string()).ok();
    assert_eq!(session.send_reliably(draft).await.unwrap().msg_id, mark);
}

#[tokio::test]
async fn events_come_back_without_repeats_and_end_with_the_session() {
    let session = session_with(|socket_number, mut socket| async move {
        match socket_number {
            0 => {
                say(&mut socket, chat(1)).await;
                close(socket, 1001).await;
            }
            _ => {
                say(&mut socket, chat(1)).await;
                say(&mut socket, "no event").await;
                say(&mut socket, chat(2)).await;
                close(socket, 4001).await;
            }
        }
    })
    .await;
    let mut events = session.events();
    let mut told = Vec::new();
    while let Some(news) = events.next().await {
        told.push(match news {
            News::Connected => "connected",
            News::Event(_) => "event",
            News::Disconnected { retry_in, .. } => {
                assert!(retry_in >= Duration::from_millis(250));
                "disconnected"
            }
            News::LoggedOut(LogoutReason::Elsewhere) => "elsewhere",
            News::LoggedOut(LogoutReason::Over) => "over",
        });
    }
    let wanted = [
        "connected",
        "event",
        "disconnected",
        "connected",
        "event",
        "elsewhere",
    ];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn a_socket_without_a_session_tells_1008() {
    let session = session_with(|_, socket| close(socket, 1008)).await;
    let mut notices = session.notices().await.unwrap();
    let end = notices.next().await.unwrap_err();
    assert!(end.is_logged_out());
    assert_eq!(notices.close_code(), Some(1008));
    let refused = session.remove_friend(UserId::mint()).await.unwrap_err();
    assert!(refused.is_logged_out(), "{refused}");
}
