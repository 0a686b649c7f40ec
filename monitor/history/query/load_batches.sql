WITH c AS MATERIALIZED (
    SELECT n.number, n.server, n.store, n.role, n.channel, n.kind, COALESCE((
        SELECT o.begun FROM batches AS o WHERE o.channel = n.number AND o.begun < ?5 ORDER BY o.begun DESC LIMIT 1 OFFSET ?6
    ), ?4) AS since
    FROM channels AS n
    WHERE (?1 = '' OR n.server = ?1) AND (?2 = '' OR n.store = ?2) AND (?3 = '' OR n.channel = ?3)
)
SELECT c.server, c.store, c.role, c.channel, c.kind, b.begun, b.lasted, b.first, b.bytes, b.entries, b.mailboxes, b.sent, b.trip
FROM c JOIN batches AS b ON b.channel = c.number AND b.begun >= c.since
WHERE b.begun >= ?4 AND b.begun < ?5
ORDER BY c.store, c.server, c.channel, b.begun
