SELECT number, plan, unit, step, state, at_microseconds, text, data
FROM steps WHERE step = ?1 AND state = 'began' AND at_microseconds >= ?2 ORDER BY number
