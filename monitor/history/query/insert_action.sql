INSERT INTO actions (at_microseconds, ended_microseconds, actor, what, server, store, channel, command, outcome, text)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
RETURNING number
