SELECT count(*) FROM confirmations WHERE number = ?1 AND plan = ?2 AND unit = ?3 AND at_microseconds = ?4
