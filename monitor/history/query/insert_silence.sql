INSERT INTO silences (matchers, author, comment, begins, ends) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING number
