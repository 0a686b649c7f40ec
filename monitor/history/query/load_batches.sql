SELECT c.server, c.store, c.role, c.channel, c.kind, b.begun, b.lasted, b.first, b.bytes, b.entries, b.mailboxes, b.sent, b.trip
FROM batches AS b JOIN channels AS c ON c.number = b.channel
WHERE (?1 = '' OR c.server = ?1) AND (?2 = '' OR c.store = ?2) AND (?3 = '' OR c.channel = ?3) AND b.begun >= ?4 AND b.begun < ?5
ORDER BY c.store, c.server, c.channel, b.begun
