SELECT server, store, what, at_microseconds FROM milestones ORDER BY server, store, what
