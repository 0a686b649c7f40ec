INSERT INTO copies (store, replica, known_microseconds) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
