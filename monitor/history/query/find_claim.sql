SELECT count(*) FROM messages WHERE number = ?1 AND due = ?2 AND tries = ?3
