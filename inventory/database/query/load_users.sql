SELECT name, store, load, moved, COALESCE(messages, -1), COALESCE(mailboxes, -1), kind, pinned, estimated, since
FROM users
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY name
