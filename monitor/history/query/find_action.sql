SELECT count(*) FROM actions WHERE number = ?1 AND at_microseconds = ?2
