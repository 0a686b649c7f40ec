INSERT INTO channels (server, store, channel, kind, role) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (server, store, channel) DO UPDATE SET kind = excluded.kind, role = excluded.role
RETURNING number
