UPDATE instances SET until = ?1
WHERE since = ?2 AND store = ?3 AND position = ?4
