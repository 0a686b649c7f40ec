SELECT number, at_microseconds, note, whole, server_count, store_count, user_count
FROM inventories
ORDER BY number
