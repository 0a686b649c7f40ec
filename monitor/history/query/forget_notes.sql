DELETE FROM notes WHERE number <= ?1
