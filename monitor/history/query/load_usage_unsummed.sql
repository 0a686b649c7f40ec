SELECT instance, at, io, cpu, memory, disk, disk_free, disk_fill FROM usage
WHERE at >= (SELECT coalesce(max(hour) + 3600000000, 0) FROM usage_hours) AND at / 3600000000 < ?1 / 3600000000
ORDER BY instance, at
