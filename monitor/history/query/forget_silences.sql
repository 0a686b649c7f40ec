DELETE FROM silences WHERE ends < ?1
