SELECT name, capacity, base, state, pinned, copies, allowed_domains, since
FROM stores
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY name
