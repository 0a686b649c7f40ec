INSERT INTO messages (host, route, thread, id, answers, subject, body, made, until, due, tries, sent, dropped, trouble)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, NULL, NULL, '')
ON CONFLICT (route, id) DO NOTHING
