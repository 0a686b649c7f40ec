DELETE FROM shares
WHERE since < ?1 AND until <= ?1
