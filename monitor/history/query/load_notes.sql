SELECT number, at_microseconds, finding FROM notes ORDER BY number LIMIT ?1
