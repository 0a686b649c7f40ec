UPDATE inventories SET whole = 0
WHERE number < ?1 AND whole = 1
