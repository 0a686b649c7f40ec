SELECT number, plan, unit, at_microseconds, author, occasion, verdict, promises
FROM confirmations WHERE plan = ?1 ORDER BY number
