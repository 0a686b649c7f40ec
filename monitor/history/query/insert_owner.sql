INSERT INTO compared (store, replica, owner, shared, level, known, run, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, '')
ON CONFLICT DO NOTHING
