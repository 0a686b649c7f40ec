INSERT INTO instances (server, store, role) VALUES (?1, ?2, ?3)
ON CONFLICT (server, store, role) DO UPDATE SET role = excluded.role
RETURNING number
