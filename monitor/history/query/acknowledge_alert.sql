UPDATE alerts SET acknowledged_by = ?2, acknowledged_comment = ?3, acknowledged_at = ?4 WHERE number = ?1 AND stage <> 'resolved'
