UPDATE resources SET until = ?1
WHERE since = ?2 AND position = ?3
