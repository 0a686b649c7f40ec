-- How far logs have been told, and what was found in them and not taken yet.

-- +goose Up
CREATE TABLE positions (
    log               TEXT    NOT NULL,
    part              INTEGER NOT NULL, -- 0, 1, 2, … the files of a log from old to new
    inode             INTEGER NOT NULL,
    offset_bytes      INTEGER NOT NULL,
    head              BLOB    NOT NULL, -- the first bytes of the file
    tail              BLOB    NOT NULL, -- the last bytes before the offset
    within            INTEGER NOT NULL, -- 1: the rest of the line at the offset is not to be told
    cursor            TEXT    NOT NULL, -- of a journal
    seen_microseconds INTEGER NOT NULL, -- since 1970 in UTC, as are all times
    PRIMARY KEY (log, part)
) STRICT;

CREATE TABLE notes (
    number          INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: who takes notes remembers the last
    at_microseconds INTEGER NOT NULL,
    finding         TEXT    NOT NULL                   -- JSON
) STRICT;

CREATE TABLE milestones (
    server          TEXT    NOT NULL,
    store           TEXT    NOT NULL,
    what            TEXT    NOT NULL,
    at_microseconds INTEGER NOT NULL,
    PRIMARY KEY (server, store, what)
) STRICT;

-- Which of the writes went through last, for whom did not learn how it ended.
CREATE TABLE told (
    number          INTEGER PRIMARY KEY CHECK (number = 1),
    mark            TEXT    NOT NULL
) STRICT;
