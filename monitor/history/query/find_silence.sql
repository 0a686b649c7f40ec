SELECT count(*) FROM silences WHERE number = ?1 AND begins = ?2 AND ends = ?3
