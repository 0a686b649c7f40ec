INSERT INTO stores (name, capacity, base, state, pinned, copies, allowed_domains, since)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
