UPDATE alert_state SET steps = ?1, last = ?2, budget = ?3, beat = ?4 WHERE number = 1
