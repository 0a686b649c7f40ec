INSERT INTO alert_groups (key, waits, told, worst, messages, root) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (key) DO UPDATE SET waits = excluded.waits, told = excluded.told, worst = excluded.worst, messages = excluded.messages, root = excluded.root
