SELECT store, replica, known_microseconds FROM copies
