DELETE FROM usage WHERE at < ?1
