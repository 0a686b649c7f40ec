SELECT number, host, route, thread, id, answers, subject, body, made, until, due, tries, sent, dropped, trouble
FROM messages WHERE sent IS NULL AND dropped IS NULL OR sent >= ?1 OR dropped >= ?1 ORDER BY number
