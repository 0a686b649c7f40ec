UPDATE applies SET ended = ?2 WHERE number = ?1 AND ended IS NULL
