INSERT INTO applies (plans, by, began) VALUES (?1, ?2, ?3)
ON CONFLICT (plans) WHERE ended IS NULL DO UPDATE SET stop = NULL
RETURNING number, by, began
