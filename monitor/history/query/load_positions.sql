SELECT log, inode, offset_bytes, head, tail, within, cursor, seen_microseconds FROM positions ORDER BY log, part
