INSERT INTO applied_plans (id, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING
