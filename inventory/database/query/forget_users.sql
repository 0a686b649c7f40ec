DELETE FROM users
WHERE since < ?1 AND until <= ?1
