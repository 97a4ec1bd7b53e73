-- When a room was made, and who set its topic when; '' and 0: nobody did, or it is not known.
ALTER TABLE rooms ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN topic_by TEXT NOT NULL DEFAULT '';
ALTER TABLE rooms ADD COLUMN topic_ms INTEGER NOT NULL DEFAULT 0;

-- Of rooms that are older than this, what is kept says it.
UPDATE rooms SET created_ms = coalesce(
    (SELECT time_ms FROM messages WHERE messages.id = (rooms.id << 40 | rooms.first_seq)), 0);
UPDATE rooms SET (topic_by, topic_ms) = (
    SELECT messages.name, messages.time_ms FROM messages
    WHERE messages.id BETWEEN rooms.id << 40 AND (rooms.id + 1 << 40) - 1 AND messages.kind = 2
    ORDER BY messages.id DESC LIMIT 1)
WHERE topic <> '' AND EXISTS (
    SELECT 1 FROM messages
    WHERE messages.id BETWEEN rooms.id << 40 AND (rooms.id + 1 << 40) - 1 AND messages.kind = 2);
