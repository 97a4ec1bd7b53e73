-- By which TLS certificates accounts log in. Who came by one has its fingerprint in guests.access.
CREATE TABLE account_certificates (
    fingerprint BLOB PRIMARY KEY CHECK (length(fingerprint) = 32),  -- SHA-256 of the certificate
    account     BLOB NOT NULL CHECK (length(account) = 16),
    added_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_certificates_by_account ON account_certificates (account);
