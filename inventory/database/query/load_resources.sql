SELECT position, name, unit, replica, cold, ceiling, failure_ceiling, failure_ceiling_by_level, since
FROM resources
WHERE since <= ?1 AND (until IS NULL OR until > ?1)
ORDER BY position
