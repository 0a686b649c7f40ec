INSERT INTO milestones (server, store, what, at_microseconds) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (server, store, what) DO UPDATE SET at_microseconds = excluded.at_microseconds
WHERE excluded.at_microseconds > milestones.at_microseconds
