SELECT c.server, c.store, c.role, c.channel, c.kind,
    (SELECT b.until FROM backlog AS b WHERE b.channel = c.number ORDER BY b.at DESC LIMIT 1)
FROM channels AS c
ORDER BY c.store, c.server, c.channel
