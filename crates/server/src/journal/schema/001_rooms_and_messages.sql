-- What this history is: its random id.
CREATE TABLE journal (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id   BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

-- A room's row outlives its messages: sequences are never used twice.
CREATE TABLE rooms (
    id           INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 8388607),
    key          TEXT NOT NULL UNIQUE,  -- '#' || folded name, or '@' || the two identities
    name         TEXT NOT NULL,         -- as shown; '' for a direct room
    topic        TEXT NOT NULL,
    last_seq     INTEGER NOT NULL,
    last_time_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX rooms_by_time ON rooms (last_time_ms) WHERE name <> '';

CREATE TABLE messages (
    id      INTEGER PRIMARY KEY,        -- room << 40 | sequence
    time_ms INTEGER NOT NULL,
    author  BLOB NOT NULL CHECK (length(author) = 16),
    name    TEXT NOT NULL,              -- the author's, when it was said
    kind    INTEGER NOT NULL,           -- 0 text, 1 action, 2 topic
    key     BLOB CHECK (length(key) = 16),
    body    TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX message_keys ON messages (author, key) WHERE key IS NOT NULL;
