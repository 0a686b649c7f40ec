SELECT plan, max(at_microseconds)
FROM steps WHERE step NOT IN ('keep', 'delete_source', 'allow_source') GROUP BY plan
