UPDATE users SET until = ?1
WHERE since = ?2 AND name = ?3
