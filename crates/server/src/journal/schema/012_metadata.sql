-- What programs know of rooms and accounts.
CREATE TABLE metadata (
    owner TEXT NOT NULL,                       -- '#' || folded name of a room, or '@' || an identity
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
