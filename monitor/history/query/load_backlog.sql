-- A stretch lies within one hour, and SQLite keeps the order of a cross join: of a
-- long history only the end is read.
SELECT c.server, c.store, c.role, c.channel, c.kind, b.at, b.until, b.looks,
    b.log_bytes, b.log_inode, b.log_first, b.log_last, b.run_bytes, b.run_inode, b.run_first, b.run_last, b.run_taken,
    b.entries, b.mailboxes, b.users, b.worker, b.clients, b.processes_known, b.trouble
FROM channels AS c CROSS JOIN backlog AS b
WHERE b.channel = c.number AND b.at >= ?4 - 3600000000 AND b.at < ?5 AND b.until >= ?4
    AND (?1 = '' OR c.server = ?1) AND (?2 = '' OR c.store = ?2) AND (?3 = '' OR c.channel = ?3)
ORDER BY c.store, c.server, c.channel, b.at
