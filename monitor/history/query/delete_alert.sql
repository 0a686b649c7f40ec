DELETE FROM alerts WHERE number = ?1
