-- Until when an account has read a room, as one of its clients said.
ALTER TABLE account_rooms ADD COLUMN read_ms INTEGER;
