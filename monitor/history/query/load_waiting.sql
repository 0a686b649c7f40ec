SELECT number, route FROM messages WHERE (host = ?1 OR host = '') AND sent IS NULL AND dropped IS NULL ORDER BY number
