-- In which order messages were committed, over all rooms: 1, 2, 3, … Sequences count per room, so
-- they cannot say how far the index is, nor what is newest. Dense but for what is deleted.
ALTER TABLE messages ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

UPDATE messages SET number = ordered.number
FROM (SELECT id, row_number() OVER (ORDER BY time_ms, id) AS number FROM messages) AS ordered
WHERE messages.id = ordered.id;

CREATE UNIQUE INDEX messages_by_number ON messages (number);

-- What is searched, with one word for its room and one for all rooms that have a name: a room with
-- few messages is found at once among many, and so is what everybody may read.
CREATE VIEW searchable AS
SELECT messages.number AS number,
       'r' || rooms.id || CASE rooms.name WHEN '' THEN '' ELSE ' named' END AS room,
       messages.name AS name,
       messages.body AS body
FROM messages JOIN rooms ON rooms.id = messages.id >> 40
WHERE messages.kind <> 2;

-- Letters, digits and the marks of scripts that write vowels as marks. Beginnings of two to four letters
-- have entries of their own: to gather the words that begin so would take seconds.
CREATE VIRTUAL TABLE search USING fts5 (
    room, name, body,
    content = 'searchable', content_rowid = 'number', columnsize = 0, prefix = '2 3 4',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);

-- How far the index is: up to this number, none of which is later than this time.
CREATE TABLE search_mark (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    number  INTEGER NOT NULL,
    time_ms INTEGER NOT NULL
) STRICT;

INSERT INTO search_mark VALUES (1, 0, 0);

-- Earlier marks, at least a minute apart: where a search for what is new may stop.
CREATE TABLE search_marks (
    time_ms INTEGER PRIMARY KEY,
    number  INTEGER NOT NULL
) STRICT;
