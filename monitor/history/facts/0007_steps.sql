-- The journal of carrying out plans. Nothing is ever taken out of it.

-- +goose Up
CREATE TABLE steps (
    number          INTEGER PRIMARY KEY, -- in the order in which they were written down
    plan            TEXT    NOT NULL,
    unit            TEXT    NOT NULL,
    step            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    at_microseconds INTEGER NOT NULL,    -- since 1970 in UTC
    text            TEXT    NOT NULL,
    data            TEXT    NOT NULL
) STRICT;
CREATE INDEX steps_of ON steps (plan, unit, number);
