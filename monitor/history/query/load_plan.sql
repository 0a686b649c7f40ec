SELECT text FROM applied_plans WHERE id = ?1
