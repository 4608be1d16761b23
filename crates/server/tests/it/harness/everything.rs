//! A multiplexed socket as a new client has it: requests by number, answers and events as they come.

use std::collections::VecDeque;

use hongyan_client::{RawSocket, Session};
use hongyan_protocol::Operation;
use serde_json::{Value, json};

use super::soon;

/// An open multiplexed socket, after its `ready`. Frames of one sort wait while those of another are read.
pub(crate) struct Everything {
    socket: RawSocket,
    pub(crate) epoch: String,
    events: VecDeque<Value>,
    answers: VecDeque<Value>,
    asked: i64,
}

impl Everything {
    pub(crate) async fn of(session: &Session) -> Self {
        let socket = soon("a socket", session.socket("/ws")).await.unwrap();
        let mut everything = Self {
            socket,
            epoch: String::new(),
            events: VecDeque::new(),
            answers: VecDeque::new(),
            asked: 1_000_000,
        };
        let ready = everything.frame().await;
        assert_eq!(ready["eventType"], "ready", "{ready}");
        everything.epoch = ready["data"]["epoch"].as_str().unwrap().to_owned();
        everything
    }

    /// The next frame, whatever it is.
    pub(crate) async fn frame(&mut self) -> Value {
        let frame = soon("a frame", self.socket.next()).await.unwrap();
        serde_json::from_str(&frame).unwrap()
    }

    /// Sends a request and does not wait for its answer.
    pub(crate) async fn send(&mut self, req_id: i64, operation: Operation, data: Value) {
        let request = json!({"reqId": req_id, "path": operation.path(), "data": data});
        self.socket.send_text(request.to_string()).await.unwrap();
    }

    /// Sends a request and reads its answer; events that come before it wait.
    pub(crate) async fn ask(&mut self, operation: Operation, data: Value) -> Value {
        self.asked += 1;
        let asked = self.asked;
        self.send(asked, operation, data).await;
        let answer = self.answer().await;
        assert_eq!(answer["reqId"], asked, "{answer}");
        answer
    }

    /// Sends any frame and reads the answer.
    pub(crate) async fn exchange(&mut self, frame: &Value) -> Value {
        self.exchange_text(&frame.to_string()).await
    }

    /// Sends any text and reads the answer.
    pub(crate) async fn exchange_text(&mut self, frame: &str) -> Value {
        self.socket.send_text(frame).await.unwrap();
        self.answer().await
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Value {
        while self.answers.is_empty() {
            self.sort().await;
        }
        self.answers.pop_front().unwrap()
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        while self.events.is_empty() {
            self.sort().await;
        }
        self.events.pop_front().unwrap()
    }

    /// The next event that is an entry of a log.
    pub(crate) async fn entry(&mut self) -> Value {
        loop {
            let event = self.event().await;
            if is_entry(&event) {
                return event;
            }
        }
    }

    /// The close code, once it is closed.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        soon("the close", self.socket.closed()).await
    }

    async fn sort(&mut self) {
        let frame = self.frame().await;
        if frame.get("eventType").is_some() {
            self.events.push_back(frame);
        } else {
            self.answers.push_back(frame);
        }
    }
}

/// Whether an event has a place in a log.
pub(crate) fn is_entry(event: &Value) -> bool {
    matches!(
        event["eventType"].as_str(),
        Some("chat_f2f" | "chat_group" | "chat_recall" | "chat_edit" | "chat_reaction")
    )
}
