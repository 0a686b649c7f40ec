SELECT count(*) FROM told WHERE mark = ?1
