INSERT INTO inventories (number, at_microseconds, note, whole, server_count, store_count, user_count, copies, spread, survive, sharing)
VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
