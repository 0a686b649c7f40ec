DELETE FROM backlog WHERE at < ?1
