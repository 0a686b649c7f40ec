INSERT INTO positions (log, part, inode, offset_bytes, head, tail, within, cursor, seen_microseconds)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
