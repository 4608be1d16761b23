//! Sends back what it is sent: the target of the conformance tests (docs/autobahn.md) and of quick measurements.
//!
//! `cargo run --release -p hongyan-server --example echo -- 127.0.0.1:9001`

use std::{convert::Infallible, sync::Arc, time::Duration};

use hongyan_server::ws::{Connection, Frame, Handler, Limits, Mark, Outbox, Step, handshake};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

struct Echo;

impl Handler for Echo {
    fn text(&mut self, text: &str) -> Step {
        Step::Reply(Frame::text(text))
    }

    fn binary(&mut self, payload: &[u8]) -> Step {
        Step::Reply(Frame::binary(payload))
    }

    fn written(&mut self, _mark: Mark) {}
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9001")).await?;
    // The suite sends messages of 16 MiB and of 65,536 fragments, some of them slowly.
    let limits = Arc::new(Limits {
        message_bytes: 32 * 1024 * 1024,
        message_fragments: 1024 * 1024,
        message: Duration::from_secs(100),
        ..Limits::default()
    });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let limits = Arc::clone(&limits);
        tokio::spawn(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| open(request, Arc::clone(&limits))),
                )
                .with_upgrades(),
        );
    }
}

async fn open(
    mut request: Request<Incoming>,
    limits: Arc<Limits>,
) -> Result<Response<String>, Infallible> {
    let upgraded = upgrade::on(&mut request);
    match handshake::accept(&request) {
        Ok(response) => {
            tokio::spawn(serve(upgraded, limits));
            Ok(response)
        }
        Err(refusal) => Ok(refusal.response()),
    }
}

async fn serve(upgraded: upgrade::OnUpgrade, limits: Arc<Limits>) {
    let Ok(upgraded) = upgraded.await else {
        return;
    };
    if let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() {
        let outbox = Arc::new(Outbox::new(&limits));
        let stream = parts.io.into_inner();
        Connection::new(stream, parts.read_buf, outbox, Echo, limits)
            .run()
            .await;
    }
}
