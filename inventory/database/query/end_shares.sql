UPDATE shares SET until = ?1
WHERE since = ?2 AND owner = ?3 AND folder = ?4 AND grantee = ?5
