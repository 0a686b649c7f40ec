INSERT INTO confirmations (plan, unit, at_microseconds, author, occasion, verdict, promises)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
RETURNING number
