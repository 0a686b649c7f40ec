INSERT INTO servers (name, domains, slots, capacity, state, bandwidth_bytes_per_second, transfers, since)
VALUES (?1, ?2, NULLIF(?3, -1), ?4, ?5, ?6, ?7, ?8)
