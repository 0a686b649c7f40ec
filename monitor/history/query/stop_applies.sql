UPDATE applies SET stop = ?1 WHERE ended IS NULL
