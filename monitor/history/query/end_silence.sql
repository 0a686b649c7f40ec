UPDATE silences SET ends = ?2 WHERE number = ?1 AND ends > ?2
