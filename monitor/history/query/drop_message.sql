UPDATE messages SET dropped = ?2, trouble = ?3 WHERE number = ?1
