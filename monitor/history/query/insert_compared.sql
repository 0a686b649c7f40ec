INSERT INTO compared (store, replica, owner, shared, level, known, run, at, outcome, whole) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6, ?8, ?9)
ON CONFLICT (store, replica, owner, shared, level)
DO UPDATE SET run = excluded.run, at = excluded.at, outcome = excluded.outcome, whole = coalesce(excluded.whole, compared.whole)
