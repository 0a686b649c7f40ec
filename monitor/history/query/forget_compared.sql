DELETE FROM compared WHERE coalesce(at, known) < ?1
