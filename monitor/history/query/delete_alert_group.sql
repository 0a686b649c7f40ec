DELETE FROM alert_groups WHERE key = ?1
