SELECT number, key, finding, watcher, stage, began, seen, missed, gone, fired, resolved, peak, flaps, told, closed, withheld,
    acknowledged_by, acknowledged_comment, acknowledged_at
FROM alerts WHERE current = 1 ORDER BY number
