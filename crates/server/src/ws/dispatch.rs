//! From the text of a request to the operation it is for, and back to the frame that answers it.

use std::future::Future;

use hongyan_protocol::{
    Answer, Code, Operation, Request,
    operation::{Head, Reason, ReqId},
};

use super::{Frame, Step};
use crate::{
    error::{Error, Result, unquoted},
    ops::{Ctx, friend, group, group_apply, group_invite, message},
};

/// Answers one request of an operation.
pub(super) fn dispatch(ctx: &Ctx, operation: Operation, text: &str) -> Step {
    let req_id = req_id(text);
    // Counted before it is looked at: what is no request costs as much.
    if let Err(wait) = ctx.app.rates.request(ctx.user, ctx.exempt) {
        let answer = Error::TooMany(wait).answer(operation.path());
        return Step::Reply(frame(&answer, req_id.unwrap_or_default()));
    }
    let req_id = match req_id {
        Ok(req_id) => req_id,
        Err(reason) => return Step::Reply(frame(&bad_request(reason), None)),
    };
    match operation {
        Operation::SendMsg => run(ctx, req_id, text, message::send),
        Operation::FriendAdd => run(ctx, req_id, text, friend::add),
        Operation::FriendAddReply => run(ctx, req_id, text, friend::add_reply),
        Operation::FriendDel => run(ctx, req_id, text, friend::del),
        Operation::GroupAdd => run(ctx, req_id, text, group_apply::add),
        Operation::GroupAddReply => run(ctx, req_id, text, group_apply::add_reply),
        Operation::GroupInvite => run(ctx, req_id, text, group_invite::invite),
        Operation::GroupInviteReply => run(ctx, req_id, text, group_invite::invite_reply),
        Operation::GroupLeave => run(ctx, req_id, text, group::leave),
        Operation::GroupKick => run(ctx, req_id, text, group::kick),
    }
}

/// Answers a binary frame.
pub(super) fn refuse_binary(ctx: &Ctx, operation: Operation) -> Step {
    let answer = match ctx.app.rates.request(ctx.user, ctx.exempt) {
        Ok(()) => {
            bad_request("a text frame with a JSON object is wanted, not a binary frame".to_owned())
        }
        Err(wait) => Error::TooMany(wait).answer(operation.path()),
    };
    Step::Reply(frame(&answer, None))
}

fn run<R, F, A>(ctx: &Ctx, req_id: Option<ReqId>, text: &str, operation: F) -> Step
where
    R: Request,
    F: FnOnce(Ctx, R) -> A,
    A: Future<Output = Result<R::Reply>> + Send + 'static,
{
    let request = match read(text) {
        Ok(request) => request,
        Err(reason) => return Step::Reply(frame(&bad_request(reason), req_id)),
    };
    let outcome = operation(ctx.clone(), request);
    Step::Later(Box::pin(async move {
        let done = outcome.await.and_then(|reply| Ok(Answer::done(&reply)?));
        let answer = done.unwrap_or_else(|error| error.answer(R::OPERATION.path()));
        frame(&answer, req_id)
    }))
}

/// Longest name of a field that is repeated: an unknown one may be anything.
const LONGEST_PATH: usize = 64;

/// Reads a request; an error names the field that is wrong.
fn read<R: Request>(text: &str) -> std::result::Result<R, String> {
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

fn bad_request(reason: String) -> Answer {
    Answer::with(Code::BadRequest, &Reason { reason })
        .unwrap_or_else(|_| Answer::code(Code::BadRequest))
}

fn frame(answer: &Answer, req_id: Option<ReqId>) -> Frame {
    let mut answer = answer.clone();
    answer.req_id = req_id;
    // An answer holds nothing that JSON cannot say.
    Frame::text(serde_json::to_vec(&answer).unwrap_or_default())
}
