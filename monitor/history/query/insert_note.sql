INSERT INTO notes (at_microseconds, finding) VALUES (?1, ?2)
