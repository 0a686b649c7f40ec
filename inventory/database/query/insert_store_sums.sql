INSERT INTO store_sums (store, user_count, load, since)
VALUES (?1, ?2, ?3, ?4)
