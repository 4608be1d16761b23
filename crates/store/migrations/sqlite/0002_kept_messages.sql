-- Messages that stay: their changes, who has read how far, what they carry, and how long they are kept.

-- `last_at`: when the newest message came. Entries up to `floor_seq` were swept. `mention_all_seq`: the newest message to
-- "@all". `keep`: what its people chose, NULL the server's setting; 0 nothing, -1 until delivered, -2 for ever, n days.
ALTER TABLE conversations ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN floor_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN mention_all_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN keep INTEGER;

-- Entries up to `first_seq` are not this user's to see. `mention_seq`: the newest message that names them. `keep`: their
-- own wish, numbered as above. `pinned_at`: 0 when it is not pinned.
ALTER TABLE cursors ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN mention_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN pinned_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN keep INTEGER;
CREATE INDEX cursors_conversation ON cursors (conversation_id);

-- An entry of the log is a message (`entry` 0) or a change of the message at `target_seq`: 1 recalled, 2 edited,
-- 3 reacted to. A change has no text: what it changed is in the row of its message. `body` is JSON: what the `kind` carries.
ALTER TABLE messages DROP COLUMN reply_to;
ALTER TABLE messages ADD COLUMN entry INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN target_seq INTEGER;
ALTER TABLE messages ADD COLUMN reply_seq INTEGER;
ALTER TABLE messages ADD COLUMN body TEXT;
ALTER TABLE messages ADD COLUMN mention_all INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN edited_at INTEGER;
ALTER TABLE messages ADD COLUMN recalled_at INTEGER;

CREATE TABLE reactions (
    conversation_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq, emoji, user_id)
) WITHOUT ROWID;

-- `width` and `height` of a picture. `thumb`: 0 there is none, 1 a JPEG, 2 a PNG.
CREATE TABLE files (
    id BLOB PRIMARY KEY NOT NULL,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    mime TEXT NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    thumb INTEGER NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX files_owner ON files (owner_id, size);

-- The messages that carry a file.
CREATE TABLE file_uses (
    conversation_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    file_id BLOB NOT NULL,
    PRIMARY KEY (conversation_id, seq, file_id)
) WITHOUT ROWID;
CREATE INDEX file_uses_file ON file_uses (file_id);

-- `join_policy`: 0 open, 1 by approval, 2 by invitation. `muted_until`: ms since 1970, 0 when a member may speak.
ALTER TABLE chat_groups ADD COLUMN announcement TEXT NOT NULL DEFAULT '';
ALTER TABLE chat_groups ADD COLUMN join_policy INTEGER NOT NULL DEFAULT 1;
ALTER TABLE chat_groups ADD COLUMN muted_all INTEGER NOT NULL DEFAULT 0;
ALTER TABLE group_members ADD COLUMN muted_until INTEGER NOT NULL DEFAULT 0;

ALTER TABLE friends ADD COLUMN favourite INTEGER NOT NULL DEFAULT 0;
CREATE TABLE blocks (
    user_id BLOB NOT NULL,
    blocked_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) WITHOUT ROWID;

-- A group that is dissolved takes these with it.
CREATE INDEX group_applies_group ON group_applies (group_id);
CREATE INDEX group_invites_group ON group_invites (group_id);

-- What somebody asked of others, answered or not.
CREATE INDEX friend_applies_from ON friend_applies (from_id);
