SELECT number, at_microseconds, note, whole, server_count, store_count, user_count, copies, spread, survive, sharing
FROM inventories
WHERE at_microseconds <= ?1
ORDER BY number DESC
LIMIT 1
