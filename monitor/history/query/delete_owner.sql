DELETE FROM compared WHERE store = ?1 AND replica = ?2 AND owner = ?3 AND shared = ?4
