//! The closed set of codes: how the server answers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $desc:literal, $english:literal;)+) => {
        /// A code of the wire. The seed document's table (lines 136 to 154) is kept to the letter; the others are ours.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The four digits on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }

            /// What the wire's `desc` (WebSocket) or `message` (HTTP) says, in the seed document's language.
            #[must_use]
            pub const fn desc(self) -> &'static str {
                match self { $(Code::$name => $desc,)+ }
            }

            /// The same in English, for documents and clients.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Code::$name => $english,)+ }
            }

            /// The code with these four digits.
            #[must_use]
            pub fn from_digits(digits: &str) -> Option<Self> {
                match digits { $($text => Some(Code::$name),)+ _ => None }
            }
        }
    };
}

codes! {
    /// Done. On anything that changes state: committed and synced to the disk.
    Ok = "0000", "处理完成", "Done";
    /// Our fault; whether it took effect is unknown. Retry with the same `clientMsgId`.
    Failed = "9998", "处理失败", "The server failed; the outcome is unknown, try again";
    /// A missing, empty, wrongly typed or over-long field, or no JSON object at all.
    BadRequest = "9997", "请求参数错误", "Bad parameters";
    /// Too many requests; `data.retryAfter` says how many ms to wait.
    TooManyRequests = "9996", "请求过于频繁", "Too many requests";
    /// No session (the multiplexed socket only).
    NoSession = "9994", "未登录或登录已失效", "Not logged in";
    /// The receiver is offline and the message was not kept.
    TargetOffline = "8999", "目标已离线", "The receiver is offline";
    /// The other is not a friend, or does not exist.
    NotFriend = "0001", "对方还不是你的好友", "Not your friend";
    /// The receiver has blocked the caller.
    Blocked = "0002", "对方已拒收你的消息", "The receiver has blocked you";
    /// The message is unknown, taken back, not kept any more, or not the caller's to see.
    NoSuchMessage = "0003", "不存在的消息", "No such message";
    /// The time in which a message may be taken back, or changed, is over.
    TooLate = "0004", "已超过可操作的时间", "It is too late for that";
    /// The message has as many different reactions as it may have.
    TooManyReactions = "0005", "表情回应已达上限", "The message takes no further reactions";
    /// The friend application is unknown, answered, or not addressed to the caller.
    FriendApplyHandled = "0101", "好友申请已处理", "The friend request has been answered already";
    NoSuchUser = "0102", "不存在的用户信息", "No such user";
    AlreadyFriend = "0103", "已经是你的好友", "Already your friend";
    Yourself = "0104", "不能添加自己", "You cannot add yourself";
    FriendApplySent = "0105", "已经发送过好友申请", "You have sent a friend request already";
    NoSuchGroup = "0201", "不存在的群组信息", "No such group";
    AlreadyMember = "0202", "已经加入该群", "Already a member of this group";
    GroupApplySent = "0203", "已经发送过入群申请", "You have applied to this group already";
    /// The group application is unknown, or belongs to a group that the caller does not run.
    NoSuchGroupApply = "0204", "不存在的群组申请Id", "No such group application";
    GroupApplyHandled = "0205", "该群组申请已处理", "The group application has been answered already";
    NotMember = "0206", "不是该群成员", "Not a member of this group";
    NotAllowed = "0207", "没有权限执行该操作", "Your role does not allow this";
    InviteSent = "0208", "已经邀请过该用户", "This user has been invited already";
    NoSuchInvite = "0209", "不存在的入群邀请", "No such invitation";
    InviteHandled = "0210", "该入群邀请已处理", "The invitation has been answered already";
    /// The owner hands the group over, or dissolves it, before leaving.
    OwnerStays = "0211", "群主需先转让或解散群组", "The owner cannot leave: hand the group over or dissolve it first";
    /// The group has as many members as the server's limit allows.
    GroupFull = "0212", "群成员已满", "The group is full";
    /// The caller is muted, or everybody is; `data.until` says until when (ms since 1970) where the caller is.
    Muted = "0213", "你已被禁言", "You may not speak in this group now";
    /// Nobody applies to this group: its members invite.
    InviteOnly = "0214", "该群只能通过邀请加入", "This group is joined by invitation only";
    /// The file does not exist, or the caller may not see it.
    NoSuchFile = "0301", "不存在的文件", "No such file";
    /// The upload says that it is a picture or a sound, and is none, or a broken one.
    NotWhatItSays = "0302", "文件内容与类型不符", "The file's content is not of the type that it says";
    /// The caller's files take as much space as the server gives to one account.
    QuotaExceeded = "0303", "文件空间已满", "Your space for files is full";
    /// The file has more bytes than the server takes.
    FileTooLarge = "0304", "文件过大", "The file is too large";
    /// The picture has more pixels than the server draws; as `application/octet-stream` it is taken as a file.
    PictureTooLarge = "0305", "图片像素过多", "The picture has too many pixels; send it as a file";
    /// Messages are not kept here, so there is nothing that could carry a file.
    FilesNotKept = "0306", "消息不保存，无法发送文件", "Messages are not kept here, so files cannot be sent";
    NoSuchAccount = "1000", "用户不存在", "No such account";
    WrongPassword = "1001", "密码错误", "Wrong password";
    SamePassword = "1002", "新密码不能与旧密码相同", "The new password is the old one";
    BadPassword = "1003", "新密码不符合要求", "The new password is not 6 to 128 bytes long, or was not repeated exactly";
    UsernameTaken = "1005", "用户名已被使用", "This username is taken";
    GroupNameTaken = "1007", "群帐号已被使用", "This group name is taken";
    NotAFriend = "1011", "对方不是你的好友", "Not your friend";
    /// The login is unknown, over already, or not the caller's.
    NoSuchSession = "1012", "不存在的登录", "No such login";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        Code::from_digits(&digits)
            .ok_or_else(|| de::Error::custom(format_args!("unknown code {digits:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_its_own_four_digits() {
        let digits: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(digits.len(), Code::ALL.len());
        for &code in Code::ALL {
            assert_eq!(Code::from_digits(code.as_str()), Some(code));
            assert_eq!(code.as_str().len(), 4);
        }
    }
}
