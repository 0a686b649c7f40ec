SELECT DISTINCT owner, shared FROM compared WHERE store = ?1 AND replica = ?2
