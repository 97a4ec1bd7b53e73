-- Who is registered. What an account said stays when it is deleted, under its identity.
CREATE TABLE accounts (
    identity           BLOB PRIMARY KEY CHECK (length(identity) = 16),
    folded             TEXT NOT NULL UNIQUE,   -- the name, for comparing
    name               TEXT NOT NULL,          -- as shown
    password           TEXT NOT NULL,          -- argon2id, a PHC string
    created_ms         INTEGER NOT NULL,
    is_administrator   INTEGER NOT NULL CHECK (is_administrator IN (0, 1)),
    is_suspended       INTEGER NOT NULL CHECK (is_suspended IN (0, 1)),
    suspended_until_ms INTEGER,                -- NULL: until it is taken back
    suspended_why      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Personal tokens: who has one is its account, as far as it reaches.
CREATE TABLE account_tokens (
    token      BLOB PRIMARY KEY CHECK (length(token) = 32),  -- SHA-256 of it
    account    BLOB NOT NULL,
    name       TEXT NOT NULL,
    rooms      TEXT NOT NULL,                  -- names, separated by blanks; '': all
    read_only  INTEGER NOT NULL CHECK (read_only IN (0, 1)),
    created_ms INTEGER NOT NULL,
    UNIQUE (account, name)
) STRICT, WITHOUT ROWID;

-- The rooms that an account is in, also while it is away, and how far it has read them.
CREATE TABLE account_rooms (
    account  BLOB NOT NULL,
    room     TEXT NOT NULL,                    -- the room's key
    name     TEXT NOT NULL,                    -- as shown; '' for a direct room
    peer     TEXT NOT NULL,                    -- what the other one of a direct room was called
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (account, room)
) STRICT, WITHOUT ROWID;

-- Whom an account ignores (its messages are not shown) or blocks (its direct messages are not taken).
CREATE TABLE account_shunned (
    account BLOB NOT NULL,
    whom    BLOB NOT NULL CHECK (length(whom) = 16),
    name    TEXT NOT NULL,                     -- its name, then
    how     INTEGER NOT NULL CHECK (how IN (0, 1)),  -- 0 ignored, 1 blocked
    PRIMARY KEY (account, whom, how)
) STRICT, WITHOUT ROWID;

-- What administrators did.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    whom    TEXT NOT NULL,
    why     TEXT NOT NULL
) STRICT;

-- The token that a guest's or an account's session came with, if any: when it is revoked, nobody
-- comes back by what was given to its sessions.
ALTER TABLE guests ADD COLUMN access BLOB CHECK (access IS NULL OR length(access) = 32);

CREATE INDEX guests_by_identity ON guests (identity);
