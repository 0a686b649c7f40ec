-- What was found when it was asked whether plans that were carried out are kept. Nothing
-- is ever taken out of it.

-- +goose Up
CREATE TABLE confirmations (
    number          INTEGER PRIMARY KEY, -- in the order in which they were asked for
    plan            TEXT    NOT NULL,
    unit            TEXT    NOT NULL,    -- empty: all of the plan
    at_microseconds INTEGER NOT NULL,    -- since 1970 in UTC
    author          TEXT    NOT NULL,
    occasion        TEXT    NOT NULL,
    verdict         TEXT    NOT NULL,
    promises        TEXT    NOT NULL     -- JSON
) STRICT;
CREATE INDEX confirmations_of ON confirmations (plan, unit, number);
