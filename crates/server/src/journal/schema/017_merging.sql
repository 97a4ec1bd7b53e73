-- The index is merged in pieces of its own, and not as part of a slice: a commit
-- waits for one piece at most.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
