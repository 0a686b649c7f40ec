SELECT number, plan, unit, at_microseconds, author, occasion, verdict, promises
FROM confirmations WHERE number IN (SELECT max(number) FROM confirmations GROUP BY plan, unit) ORDER BY number
