-- The index is merged in pieces of its own, and not as part of a slice: no commit waits for it.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
