-- The changes of messages in a log, of which there are few among many messages.
CREATE INDEX messages_changes ON messages (conversation_id, seq) WHERE entry <> 0;
