SELECT store, user_count, load, since
FROM store_sums
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY store
