SELECT identity FROM journal
