SELECT store, position, server, role, imap, csync, imapd_conf, sync_dir, log, version, separator, virtdomains, conversations, partitions, since
FROM instances
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY store, position
