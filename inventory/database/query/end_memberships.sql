UPDATE memberships SET until = ?1
WHERE since = ?2 AND group_name = ?3 AND member = ?4
