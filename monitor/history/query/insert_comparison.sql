INSERT INTO comparisons (level, selection, began, flags, copies, identical, different, unknown) VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0)
RETURNING number
