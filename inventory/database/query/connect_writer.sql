PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA journal_size_limit = 16777216;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
