-- A deleted message keeps its row, without its text (kind 3); that it was deleted is an event of its
-- own (kind 4), whose body is the number of the message. Neither is searched.
DROP VIEW searchable;
CREATE VIEW searchable AS
SELECT messages.id AS id,
       messages.number AS number,
       'r' || rooms.id || CASE rooms.name WHEN '' THEN '' ELSE ' named' END AS room,
       messages.name AS name,
       messages.body AS body
FROM messages JOIN rooms ON rooms.id = messages.id >> 40
WHERE messages.kind IN (0, 1);

-- The words of what is deleted leave the index at once, and not with its next merge.
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- The first event that is kept; retention took what was before it.
ALTER TABLE rooms ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1;

-- Keys of what retention took: a late retry still finds its first result.
CREATE TABLE spent_keys (
    author   BLOB NOT NULL CHECK (length(author) = 16),
    key      BLOB NOT NULL CHECK (length(key) = 16),
    id       INTEGER NOT NULL,          -- of the message: room << 40 | sequence
    time_ms  INTEGER NOT NULL,          -- when it was stored
    until_ms INTEGER NOT NULL,          -- then the key is forgotten
    PRIMARY KEY (author, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX spent_keys_by_time ON spent_keys (until_ms);
