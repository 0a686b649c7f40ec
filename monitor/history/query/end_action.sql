UPDATE actions SET ended_microseconds = ?2, outcome = ?3, text = ?4 WHERE number = ?1
