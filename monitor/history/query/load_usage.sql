SELECT i.server, i.store, i.role, u.at, u.over, u.io, u.cpu, u.memory, u.disk, u.disk_free, u.disk_fill
FROM usage AS u JOIN instances AS i ON i.number = u.instance
WHERE (?1 = '' OR i.server = ?1) AND (?2 = '' OR i.store = ?2) AND u.at >= ?3 AND u.at < ?4
ORDER BY i.store, i.server, i.role, u.at
