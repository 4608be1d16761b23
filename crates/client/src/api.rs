//! The answers of the account API: HTTP, JSON bodies.

use hongyan_protocol::{Answer, Code, endpoint::ApiAnswer};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 16 << 20;
/// How much of a body that is not ours is shown, in characters.
const SHOWN: usize = 200;

/// Sends the request and gives `data`.
pub(crate) async fn data<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let data = answer(request).await?;
    let data = data.as_ref().map_or("null", |data| data.get());
    serde_json::from_str(data).map_err(|error| Error::Protocol(error.to_string()))
}

/// Sends the request and gives nothing but success.
pub(crate) async fn done(request: RequestBuilder) -> Result<()> {
    answer(request).await.map(drop)
}

/// Sends the request and gives the answer, to be read as it comes, if it has this status.
pub(crate) async fn content(request: RequestBuilder, status: StatusCode) -> Result<Response> {
    let response = request.send().await?;
    if response.status() == status {
        return Ok(response);
    }
    let other = response.status();
    let body = body(response).await?;
    match read(other, &body) {
        Err(error) => Err(error),
        Ok(_) => Err(Error::Protocol(format!("HTTP {other} instead of {status}"))),
    }
}

async fn answer(request: RequestBuilder) -> Result<Option<Box<RawValue>>> {
    let response = request.send().await?;
    let status = response.status();
    let body = body(response).await?;
    read(status, &body)
}

async fn body(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST_BODY {
            return Err(Error::Protocol(format!(
                "a body of more than {LONGEST_BODY} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn read(status: StatusCode, body: &[u8]) -> Result<Option<Box<RawValue>>> {
    let answer = serde_json::from_slice::<ApiAnswer<Box<RawValue>>>(body);
    match (status, answer) {
        (StatusCode::UNAUTHORIZED, _) => Err(Error::Unauthorized),
        (
            _,
            Ok(ApiAnswer {
                code: Some(code),
                message,
                data,
            }),
        ) if code != Code::Ok => Err(Error::of_answer(&Answer {
            code,
            desc: message,
            req_id: None,
            data,
        })),
        (StatusCode::OK, Ok(answer)) => Ok(answer.data),
        (StatusCode::OK, Err(error)) => Err(Error::Protocol(error.to_string())),
        (StatusCode::BAD_REQUEST, Ok(answer)) => Err(Error::BadRequest(answer.message)),
        (status, Ok(answer)) => Err(Error::Status(status.as_u16(), answer.message)),
        (status, Err(_)) => {
            let shown = String::from_utf8_lossy(body).chars().take(SHOWN).collect();
            Err(Error::Status(status.as_u16(), shown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_carries_no_code_and_a_refusal_does() {
        let data = read(StatusCode::OK, br#"{"message":"ok","data":{"list":[]}}"#).unwrap();
        assert_eq!(data.unwrap().get(), r#"{"list":[]}"#);
        let refused = read(StatusCode::OK, br#"{"code":"1001","message":"no"}"#).unwrap_err();
        assert_eq!(refused.code(), Some(Code::WrongPassword));
    }

    #[test]
    fn other_statuses_are_told_apart() {
        let unauthorized = read(StatusCode::UNAUTHORIZED, br#"{"message":"unauthorized"}"#);
        assert!(matches!(unauthorized, Err(Error::Unauthorized)));
        let bad = read(
            StatusCode::BAD_REQUEST,
            br#"{"message":"nickname: missing"}"#,
        );
        assert!(matches!(bad, Err(Error::BadRequest(why)) if why == "nickname: missing"));
        let proxy = read(StatusCode::BAD_GATEWAY, b"<html>");
        assert!(matches!(proxy, Err(Error::Status(502, text)) if text == "<html>"));
        let html = read(StatusCode::OK, b"<html>");
        assert!(matches!(html, Err(Error::Protocol(_))));
    }
}
