SELECT owner, folder, grantee, rights, since
FROM shares
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY owner, folder, grantee
