-- By what accounts log in without sending their password, SCRAM-SHA-256: rounds, salt and two keys.
CREATE TABLE account_scram (
    account BLOB PRIMARY KEY CHECK (length(account) = 16),
    keys    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What nobody outside knows; names of no account get salts by it.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;

INSERT INTO secrets VALUES ('scram', randomblob(32));
