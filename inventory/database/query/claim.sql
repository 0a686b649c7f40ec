PRAGMA application_id = 1229870156
