-- The message of the same room that a message answers; most answer none.
ALTER TABLE messages ADD COLUMN reply_to INTEGER;
