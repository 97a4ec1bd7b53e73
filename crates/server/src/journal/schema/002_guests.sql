-- Guests that may come back: who has the token is this identity, by this name.
CREATE TABLE guests (
    token    BLOB PRIMARY KEY CHECK (length(token) = 32),  -- SHA-256 of it
    identity BLOB NOT NULL CHECK (length(identity) = 16),
    name     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
