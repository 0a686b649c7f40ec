INSERT INTO differences (store, replica, owner, shared, subject, difference, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
ON CONFLICT (store, replica, owner, shared, subject) WHERE gone IS NULL
DO UPDATE SET difference = excluded.difference, last = excluded.last
