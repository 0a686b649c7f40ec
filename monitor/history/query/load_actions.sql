SELECT number, at_microseconds, ended_microseconds, actor, what, server, store, channel, command, outcome, text
FROM actions WHERE at_microseconds >= ?1 ORDER BY number
