-- The first schema. Ids are the 16 bytes the server made, times are milliseconds since 1970 (UTC).
-- There are no foreign keys: nothing that others point to is ever deleted, and a message would pay for every check.

CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    nickname TEXT NOT NULL,
    nickname_key TEXT NOT NULL,
    sex TEXT NOT NULL,
    sign TEXT NOT NULL,
    head_img TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Two rows a friendship; `remark` is what user_id calls friend_id.
CREATE TABLE friends (
    user_id BLOB NOT NULL,
    friend_id BLOB NOT NULL,
    remark TEXT NOT NULL,
    conversation_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, friend_id)
) WITHOUT ROWID;

-- `state` of applications and invitations: 0 pending, 1 agreed, 2 refused.
CREATE TABLE friend_applies (
    id BLOB PRIMARY KEY NOT NULL,
    from_id BLOB NOT NULL,
    to_id BLOB NOT NULL,
    remark TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    handled_at INTEGER
);
CREATE UNIQUE INDEX friend_applies_pending ON friend_applies (from_id, to_id) WHERE state = 0;
CREATE INDEX friend_applies_to ON friend_applies (to_id, state);

-- GROUPS is a keyword, hence the name. `invite`: 0 the owner and admins may invite, 1 every member.
-- `members_version` grows whenever somebody joins or leaves.
CREATE TABLE chat_groups (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    nickname TEXT NOT NULL,
    nickname_key TEXT NOT NULL,
    introduction TEXT NOT NULL,
    head_img TEXT NOT NULL,
    owner_id BLOB NOT NULL,
    invite INTEGER NOT NULL DEFAULT 1,
    conversation_id BLOB NOT NULL,
    members_version INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX chat_groups_owner ON chat_groups (owner_id);

-- `role`: 0 member, 1 admin, 2 owner.
CREATE TABLE group_members (
    group_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role INTEGER NOT NULL,
    nickname TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX group_members_user ON group_members (user_id);
CREATE INDEX group_members_operators ON group_members (group_id, role) WHERE role > 0;

CREATE TABLE group_applies (
    id BLOB PRIMARY KEY NOT NULL,
    group_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    remark TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    handled_at INTEGER
);
CREATE UNIQUE INDEX group_applies_pending ON group_applies (group_id, user_id) WHERE state = 0;

CREATE TABLE group_invites (
    id BLOB PRIMARY KEY NOT NULL,
    group_id BLOB NOT NULL,
    inviter_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    remark TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    handled_at INTEGER
);
CREATE UNIQUE INDEX group_invites_pending ON group_invites (user_id, group_id) WHERE state = 0;
CREATE INDEX group_invites_made ON group_invites (inviter_id, group_id) WHERE state = 0;

-- `kind`: 0 two friends (user_a below user_b by bytes), 1 a group. `last_seq` counts the messages ever appended.
CREATE TABLE conversations (
    id BLOB PRIMARY KEY NOT NULL,
    kind INTEGER NOT NULL,
    user_a BLOB,
    user_b BLOB,
    group_id BLOB,
    last_seq INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX conversations_pair ON conversations (user_a, user_b) WHERE kind = 0;

-- `mentions` is JSON text. `id` only says which of two messages of different conversations was stored first.
-- Rows in the order of arrival with an index on (conversation_id, seq) took 63,000 to 76,000 appends a second (1,000
-- queued, 200 conversations; see examples/append.rs) where rows clustered WITHOUT ROWID by (conversation_id, seq) took
-- 52,000 to 54,000. The index of the senders' keys, where a key is given, about halves either.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    msg_id BLOB NOT NULL,
    sender_id BLOB NOT NULL,
    client_msg_id TEXT,
    kind TEXT,
    msg TEXT NOT NULL,
    reply_to BLOB,
    mentions TEXT,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_client ON messages (sender_id, client_msg_id) WHERE client_msg_id IS NOT NULL;

-- How far a friend or member has got: one row for each user of each conversation.
CREATE TABLE cursors (
    user_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, conversation_id)
) WITHOUT ROWID;
