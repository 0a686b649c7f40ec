DELETE FROM usage_hours WHERE hour < ?1
