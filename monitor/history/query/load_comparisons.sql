SELECT number, level, selection, began, ended, copies, identical, different, unknown
FROM comparisons WHERE began >= ?1 ORDER BY number
