SELECT count(*) FROM comparisons WHERE number = ?1 AND began = ?2
