-- Addresses and networks from which nobody comes in.
CREATE TABLE address_bans (
    network  TEXT PRIMARY KEY,                 -- an address, or a network in CIDR
    who      TEXT NOT NULL,                    -- banned it
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,                          -- NULL: until it is lifted
    why      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
