UPDATE backlog SET until = ?2, looks = looks + 1
WHERE channel = ?1 AND at = (SELECT max(at) FROM backlog WHERE channel = ?1)
  AND until < ?2 AND at / 3600000000 = ?2 / 3600000000
  AND log_bytes = ?3 AND log_inode = ?4
  AND log_first IS NOT DISTINCT FROM ?5 AND log_last IS NOT DISTINCT FROM ?6
  AND run_bytes = ?7 AND run_inode = ?8
  AND run_first IS NOT DISTINCT FROM ?9 AND run_last IS NOT DISTINCT FROM ?10 AND run_taken IS NOT DISTINCT FROM ?11
  AND entries IS NOT DISTINCT FROM ?12 AND mailboxes IS NOT DISTINCT FROM ?13 AND users IS NOT DISTINCT FROM ?14
  AND worker = ?15 AND clients = ?16 AND processes_known = ?17 AND trouble = ?18
