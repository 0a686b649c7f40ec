UPDATE messages SET due = ?3, tries = tries + 1
WHERE number = (
    SELECT min(m.number) FROM messages AS m
    WHERE m.route = ?1 AND m.sent IS NULL AND m.dropped IS NULL AND (m.due <= ?2 OR m.due > ?4)
      AND NOT EXISTS (
        SELECT 1 FROM messages AS e
        WHERE e.route = ?1 AND e.thread = m.thread AND e.number < m.number AND e.sent IS NULL AND e.dropped IS NULL)
      AND NOT EXISTS (
        SELECT 1 FROM messages AS e
        WHERE e.route = ?1 AND e.id = m.answers AND e.number < m.number AND e.sent IS NULL AND e.dropped IS NULL))
RETURNING number, host, route, thread, id, answers, subject, body, made, until, due, tries, sent, dropped, trouble
