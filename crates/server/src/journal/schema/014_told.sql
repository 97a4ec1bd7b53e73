-- How far an account's clients that do not say what is read have been told of a room.
ALTER TABLE account_rooms ADD COLUMN told_seq INTEGER NOT NULL DEFAULT 0;
