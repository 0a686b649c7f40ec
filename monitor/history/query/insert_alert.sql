INSERT INTO alerts (current, number, key, finding, watcher, stage, began, seen, missed, gone, fired, resolved, peak, flaps, told, closed, withheld,
    acknowledged_by, acknowledged_comment, acknowledged_at)
VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
ON CONFLICT (number) DO UPDATE SET key = excluded.key, finding = excluded.finding, watcher = excluded.watcher, stage = excluded.stage, began = excluded.began,
    seen = excluded.seen, missed = excluded.missed, gone = excluded.gone, fired = excluded.fired, resolved = excluded.resolved, peak = excluded.peak,
    flaps = excluded.flaps, told = excluded.told, closed = excluded.closed, withheld = excluded.withheld
