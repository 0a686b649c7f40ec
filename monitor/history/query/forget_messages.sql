DELETE FROM messages WHERE made < ?1
