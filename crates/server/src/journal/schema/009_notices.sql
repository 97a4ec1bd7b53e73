-- Notices are messages of kind 6, and searched like the others.
DROP VIEW searchable;
CREATE VIEW searchable AS
SELECT messages.id AS id,
       messages.number AS number,
       'r' || rooms.id || CASE rooms.name WHEN '' THEN '' ELSE ' named' END AS room,
       messages.name AS name,
       messages.body AS body
FROM messages JOIN rooms ON rooms.id = messages.id >> 40
WHERE messages.kind IN (0, 1, 6);
