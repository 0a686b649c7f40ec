SELECT name, domains, COALESCE(slots, -1), capacity, state, bandwidth_bytes_per_second, transfers, since
FROM servers
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY name
