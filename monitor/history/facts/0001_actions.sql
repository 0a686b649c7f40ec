-- What was done to mail servers.

-- +goose Up
CREATE TABLE actions (
    number             INTEGER PRIMARY KEY, -- 1, 2, 3, … in the order in which they began
    at_microseconds    INTEGER NOT NULL,    -- since 1970 in UTC, as are all times
    ended_microseconds INTEGER,             -- null: it has not ended, or its end was not seen
    actor              TEXT    NOT NULL, -- the account and the command that caused it
    what               TEXT    NOT NULL,
    server             TEXT    NOT NULL,
    store              TEXT    NOT NULL,
    channel            TEXT    NOT NULL,
    command            TEXT    NOT NULL,    -- JSON: a list of words
    outcome            TEXT    NOT NULL,
    text               TEXT    NOT NULL
) STRICT;
