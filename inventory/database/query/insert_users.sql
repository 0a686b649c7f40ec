INSERT INTO users (name, store, load, moved, messages, mailboxes, kind, pinned, estimated, since)
VALUES (?1, ?2, ?3, ?4, NULLIF(?5, -1), NULLIF(?6, -1), ?7, ?8, ?9, ?10)
