INSERT INTO resources (position, name, unit, replica, cold, ceiling, failure_ceiling, failure_ceiling_by_level, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
