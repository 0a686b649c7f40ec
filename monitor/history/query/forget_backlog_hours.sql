DELETE FROM backlog_hours WHERE hour < ?1
