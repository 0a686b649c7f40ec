DELETE FROM alerts WHERE current = 0 AND resolved < ?1
