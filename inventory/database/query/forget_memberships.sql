DELETE FROM memberships
WHERE since < ?1 AND until <= ?1
