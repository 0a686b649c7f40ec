UPDATE messages SET dropped = ?1, trouble = ?2
WHERE sent IS NULL AND dropped IS NULL
  AND number <= (SELECT number FROM messages WHERE sent IS NULL AND dropped IS NULL ORDER BY number DESC LIMIT 1 OFFSET ?3)
