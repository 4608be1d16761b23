//! From the text of a request to the operation it is for, and back to the frame that answers it.

use hongyan_protocol::{
    Answer, Code, Operation, Request,
    operation::{EVERYTHING_PATH, Envelope, Head, Reason, ReqId},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Frame, Step};
use crate::{
    error::{Error, Result, unquoted},
    ops::{Ctx, Door, through},
};

/// Answers one request on the path of an operation.
pub(super) fn dispatch(ctx: &Ctx, operation: Operation, text: &str) -> Step {
    let req_id = req_id(text);
    // Counted before it is looked at: what is no request costs as much.
    if let Err(wait) = ctx.app.rates.request(ctx.user, ctx.exempt) {
        let answer = Error::TooMany(wait).answer(operation.path());
        return Step::Reply(frame(answer, req_id.unwrap_or_default()));
    }
    match req_id {
        Ok(req_id) => through(Asked { req_id, text }, ctx.clone(), operation),
        Err(reason) => Step::Reply(frame(bad_request(reason), None)),
    }
}

/// Answers one request on the multiplexed socket.
pub(super) fn dispatch_any(ctx: &Ctx, text: &str) -> Step {
    let req_id = req_id(text);
    if let Err(wait) = ctx.app.rates.request(ctx.user, ctx.exempt) {
        let answer = Error::TooMany(wait).answer(EVERYTHING_PATH);
        return Step::Reply(frame(answer, req_id.unwrap_or_default()));
    }
    let req_id = match req_id {
        Ok(req_id) => req_id,
        Err(reason) => return Step::Reply(frame(bad_request(reason), None)),
    };
    let envelope: Envelope<'_> = match read(text) {
        Ok(envelope) => envelope,
        Err(reason) => return Step::Reply(frame(bad_request(reason), req_id)),
    };
    let Some(operation) = Operation::at(&envelope.path) else {
        let reason = "path: no operation has it".to_owned();
        return Step::Reply(frame(bad_request(reason), req_id));
    };
    let text = envelope.data.map_or("{}", RawValue::get);
    if !text.starts_with('{') {
        let reason = "data: a JSON object is wanted".to_owned();
        return Step::Reply(frame(bad_request(reason), req_id));
    }
    through(Asked { req_id, text }, ctx.clone(), operation)
}

/// Answers a binary frame.
pub(super) fn refuse_binary(ctx: &Ctx, path: &str) -> Step {
    let answer = match ctx.app.rates.request(ctx.user, ctx.exempt) {
        Ok(()) => {
            bad_request("a text frame with a JSON object is wanted, not a binary frame".to_owned())
        }
        Err(wait) => Error::TooMany(wait).answer(path),
    };
    Step::Reply(frame(answer, None))
}

/// What came in one frame.
struct Asked<'t> {
    req_id: Option<ReqId>,
    /// The operation's own fields.
    text: &'t str,
}

impl Door for Asked<'_> {
    type Outcome = Step;

    fn pass<R, F, A>(self, ctx: Ctx, operation: F) -> Step
    where
        R: Request,
        F: FnOnce(Ctx, R) -> A + Send + 'static,
        A: Future<Output = Result<R::Reply>> + Send + 'static,
    {
        let Self { req_id, text } = self;
        let request: R = match read(text) {
            Ok(request) => request,
            Err(reason) => return Step::Reply(frame(bad_request(reason), req_id)),
        };
        let outcome = operation(ctx, request);
        Step::Later(Box::pin(async move {
            let done = outcome.await.and_then(|reply| Ok(Answer::done(&reply)?));
            let answer = done.unwrap_or_else(|error| error.answer(R::OPERATION.path()));
            frame(answer, req_id)
        }))
    }
}

/// Longest name of a field that is repeated: an unknown one may be anything.
const LONGEST_PATH: usize = 64;

/// Reads a request; an error names the field that is wrong.
fn read<'t, R: Deserialize<'t>>(text: &'t str) -> std::result::Result<R, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.inner().to_string());
        let why = unquoted(&why);
        if path == "." || path.len() > LONGEST_PATH {
            why.to_owned()
        } else {
            format!("{path}: {why}")
        }
    })?;
    json.end().map_err(|error| error.to_string())?;
    Ok(request)
}

fn req_id(text: &str) -> std::result::Result<Option<ReqId>, String> {
    // A JSON array would be read as a struct's fields in their order.
    if !text
        .trim_start_matches([' ', '\t', '\r', '\n'])
        .starts_with('{')
    {
        return Err("a JSON object is wanted".to_owned());
    }
    if !text.contains("\"reqId\"") {
        return Ok(None);
    }
    let head: Head = serde_json::from_str(text).map_err(|error| format!("reqId: {error}"))?;
    match head.req_id {
        Some(req_id) if !req_id.is_acceptable() => {
            Err("reqId: at most 64 bytes without U+0000 are wanted".to_owned())
        }
        req_id => Ok(req_id),
    }
}

/// The last frame of a multiplexed socket whose session is over.
pub(crate) fn no_session() -> Frame {
    frame(Answer::code(Code::NoSession), None)
}

fn bad_request(reason: String) -> Answer {
    Answer::with(Code::BadRequest, &Reason { reason })
        .unwrap_or_else(|_| Answer::code(Code::BadRequest))
}

fn frame(mut answer: Answer, req_id: Option<ReqId>) -> Frame {
    answer.req_id = req_id;
    // An answer holds nothing that JSON cannot say.
    Frame::text(serde_json::to_vec(&answer).unwrap_or_default())
}
