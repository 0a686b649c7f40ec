INSERT INTO usage (instance, at, over, io, cpu, memory, disk, disk_free, disk_fill)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (instance, at) DO NOTHING
