INSERT INTO told (number, mark) VALUES (1, ?1) ON CONFLICT (number) DO UPDATE SET mark = excluded.mark
