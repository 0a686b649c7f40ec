SELECT number, subject, difference FROM differences
WHERE store = ?1 AND replica = ?2 AND owner = ?3 AND shared = ?4 AND gone IS NULL
ORDER BY number
