SELECT number, level, selection, flags, began, ended, copies, identical, different, unknown
FROM comparisons WHERE began >= ?1 ORDER BY number
