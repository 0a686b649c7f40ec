INSERT INTO steps (plan, unit, step, state, at_microseconds, text, data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
RETURNING number
