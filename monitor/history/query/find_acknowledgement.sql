SELECT count(*) FROM alerts WHERE number = ?1 AND acknowledged_by = ?2 AND acknowledged_at = ?3
