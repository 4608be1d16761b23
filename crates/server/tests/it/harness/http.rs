//! HTTP as any program speaks it: without the client's types, and keeping no cookies.

use hongyan_protocol::Code;
use http::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpStream, ToSocketAddrs},
};

use super::{Person, TestServer, soon};

/// Somebody who asks over HTTP.
pub(crate) struct Web {
    http: reqwest::Client,
    url: String,
}

impl TestServer {
    /// A new one, with connections of its own.
    pub(crate) fn web(&self) -> Web {
        // An error says that the server's own client has chosen already.
        _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = self.url.clone();
        Web { http, url }
    }

    /// Sends these bytes as they are and reads until the server closes.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("the end of the answer", stream.read_to_end(&mut answer))
            .await
            .unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A request whose body the server is waiting for: it said "100 Continue".
pub(crate) async fn begun_request(
    address: impl ToSocketAddrs,
    path: &str,
    headers: &[(&str, &str)],
    length: usize,
) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: hongyan\r\n{headers}Content-Length: {length}\r\n\
         Expect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reader = BufReader::new(&mut stream);
    let mut line = String::new();
    soon("100 Continue", reader.read_line(&mut line))
        .await
        .unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    soon("the end of its head", reader.read_line(&mut line))
        .await
        .unwrap();
    stream
}

impl Web {
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }
}

/// The two cookies of a session, as a browser sends them.
pub(crate) fn cookies(person: &Person) -> String {
    format!("token={}; uid={}", person.token(), person.id())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Sends a request.
pub(crate) async fn reply(request: RequestBuilder) -> Reply {
    let answer = async {
        let response = request.send().await.unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    };
    soon("an answer over HTTP", answer).await
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `data` of a success: 200, and no code.
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(self.status, 200, "{json}");
        assert!(json.get("code").is_none(), "success has no code: {json}");
        assert!(json["message"].is_string(), "{json}");
        json["data"].take()
    }

    /// The code of a refusal: 200, the code's own message, and no data.
    pub(crate) fn refusal(&self) -> Code {
        let json = self.json();
        assert_eq!(self.status, 200, "{json}");
        let code = json["code"]
            .as_str()
            .unwrap_or_else(|| panic!("a code: {json}"));
        let code = Code::from_digits(code).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"code": code.as_str(), "message": code.desc()})
        );
        code
    }

    /// The message of a failure with this status: all there is in the body.
    pub(crate) fn failure(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        let json = self.json();
        let fields = json.as_object().unwrap();
        assert!(fields.len() == 1, "{json}");
        json["message"].as_str().unwrap().to_owned()
    }
}
