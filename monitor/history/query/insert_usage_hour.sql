INSERT INTO usage_hours (instance, hour, resource, samples, mean, p95, most) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (instance, hour, resource) DO NOTHING
