INSERT INTO usage (instance, at, over, io, cpu, memory, disk, disk_free)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (instance, at) DO NOTHING
