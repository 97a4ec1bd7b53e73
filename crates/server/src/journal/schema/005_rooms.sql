-- What a room is like: JSON, what is not there is as usual; and the hash of its key.
ALTER TABLE rooms ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE rooms ADD COLUMN secret BLOB CHECK (length(secret) = 32);
-- Who may read it, from the settings: 0 all, 1 members from their entry on, 2 members from when they
-- were let in on, 3 members from their entry on. What is 2 or 3 is not there for others.
ALTER TABLE rooms ADD COLUMN visibility INTEGER NOT NULL DEFAULT 0 CHECK (visibility BETWEEN 0 AND 3);
-- It keeps less than others do, in milliseconds and in events.
ALTER TABLE rooms ADD COLUMN keep_age_ms INTEGER;
ALTER TABLE rooms ADD COLUMN keep_events INTEGER;

-- Changes of a room are messages of kind 5; the body is JSON. What followed from them for users is
-- here: their roles, bans, and what they may see.
CREATE TABLE room_users (
    room     INTEGER NOT NULL,
    identity BLOB NOT NULL CHECK (length(identity) = 16),
    name     TEXT NOT NULL,             -- when it was written last
    folded   TEXT NOT NULL,             -- for comparing: a ban of a guest is one of its name
    standing TEXT NOT NULL,             -- JSON
    PRIMARY KEY (room, identity)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_users_by_identity ON room_users (identity);
CREATE INDEX room_users_by_name ON room_users (folded);
