INSERT INTO backlog_hours (channel, hour, looks, blind, bytes_mean, bytes_most, age_mean, age_most)
SELECT channel, at / 3600000000 * 3600000000,
    sum(CASE WHEN trouble = '' THEN looks ELSE 0 END), sum(CASE WHEN trouble = '' THEN 0 ELSE looks END),
    sum(CASE WHEN trouble = '' THEN (log_bytes + run_bytes) * looks END) * 1.0 / sum(CASE WHEN trouble = '' THEN looks END),
    max(CASE WHEN trouble = '' THEN (log_bytes + run_bytes) * 1.0 END),
    sum(CASE WHEN trouble = '' THEN (until - coalesce(CASE WHEN run_inode > 0 THEN run_first ELSE log_first END, until)) / 1e6 * looks END)
        / sum(CASE WHEN trouble = '' THEN looks END),
    max(CASE WHEN trouble = '' THEN (until - coalesce(CASE WHEN run_inode > 0 THEN run_first ELSE log_first END, until)) / 1e6 END)
FROM backlog
WHERE at / 3600000000 * 3600000000 > (SELECT coalesce(max(hour), -1) FROM backlog_hours) AND at / 3600000000 < ?1 / 3600000000
GROUP BY channel, at / 3600000000
ON CONFLICT (channel, hour) DO NOTHING
