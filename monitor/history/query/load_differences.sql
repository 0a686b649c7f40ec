SELECT number, store, replica, owner, shared, difference, first, last, gone
FROM differences WHERE gone IS NULL OR gone >= ?1
ORDER BY store, replica, shared, owner, number
