SELECT store, replica, owner, shared, level, known, run, at, outcome, whole
FROM compared ORDER BY store, replica, shared, owner, level
