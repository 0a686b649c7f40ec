UPDATE copies SET known_microseconds = ?3 WHERE store = ?1 AND replica = ?2 AND known_microseconds < ?3
