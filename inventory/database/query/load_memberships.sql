SELECT group_name, member, since
FROM memberships
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY group_name, member
