INSERT INTO backlog (channel, at, until, looks, log_bytes, log_inode, log_first, log_last, run_bytes, run_inode, run_first, run_last, run_taken,
    entries, mailboxes, users, worker, clients, processes_known, trouble)
SELECT ?1, ?2, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18
WHERE NOT EXISTS (SELECT 1 FROM backlog WHERE channel = ?1 AND until = ?2)
ON CONFLICT (channel, at) DO NOTHING
