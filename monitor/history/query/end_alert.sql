UPDATE alerts SET current = 0 WHERE number = ?1
