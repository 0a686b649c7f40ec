SELECT c.server, c.store, c.role, c.channel, c.kind, h.hour, h.looks, h.blind, h.bytes_mean, h.bytes_most, h.age_mean, h.age_most
FROM backlog_hours AS h JOIN channels AS c ON c.number = h.channel
WHERE (?1 = '' OR c.server = ?1) AND (?2 = '' OR c.store = ?2) AND (?3 = '' OR c.channel = ?3) AND h.hour >= ?4 AND h.hour < ?5
ORDER BY c.store, c.server, c.channel, h.hour
