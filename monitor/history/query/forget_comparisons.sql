DELETE FROM comparisons WHERE began < ?1
