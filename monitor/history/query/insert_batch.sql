INSERT INTO batches (channel, begun, lasted, first, bytes, entries, mailboxes, sent, trip)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (channel, begun) DO NOTHING
