SELECT i.server, i.store, i.role, h.hour, h.resource, h.samples, h.mean, h.p95, h.most
FROM usage_hours AS h JOIN instances AS i ON i.number = h.instance
WHERE (?1 = '' OR i.server = ?1) AND (?2 = '' OR i.store = ?2) AND h.hour >= ?3 AND h.hour < ?4
ORDER BY i.store, i.server, i.role, h.resource, h.hour
