-- Accounts that stay in their rooms while they are not connected.
ALTER TABLE accounts ADD COLUMN stays INTEGER NOT NULL DEFAULT 0 CHECK (stays IN (0, 1));
