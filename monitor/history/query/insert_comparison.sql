INSERT INTO comparisons (level, selection, began, copies, identical, different, unknown) VALUES (?1, ?2, ?3, 0, 0, 0, 0)
RETURNING number
