SELECT number, plan, unit, step, state, at_microseconds, text, data
FROM steps WHERE plan = ?1 AND unit = ?2 ORDER BY number
