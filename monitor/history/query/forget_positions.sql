DELETE FROM positions WHERE log = ?1
