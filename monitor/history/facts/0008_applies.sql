-- Plans that are being carried out, or were. Times are microseconds since 1970 in UTC.

-- +goose Up
CREATE TABLE applied_plans (
    id   TEXT PRIMARY KEY,
    text TEXT NOT NULL -- of the file, so that nobody needs it any more
) STRICT, WITHOUT ROWID;

CREATE TABLE applies (
    number  INTEGER PRIMARY KEY,
    plans   TEXT    NOT NULL, -- JSON: ids of the plans in their order, a schedule last
    by      TEXT    NOT NULL,
    began   INTEGER NOT NULL,
    ended   INTEGER,          -- null: there is something left to do
    stop    INTEGER           -- when its end was asked for; null: since it last began, nobody has
) STRICT;
CREATE UNIQUE INDEX applies_open ON applies (plans) WHERE ended IS NULL;
