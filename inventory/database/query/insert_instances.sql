INSERT INTO instances (store, position, server, role, imap, csync, imapd_conf, sync_dir, log, version, separator, virtdomains, conversations, partitions, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
