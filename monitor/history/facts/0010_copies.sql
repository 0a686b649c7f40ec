-- Since when a copy of a master is to be compared, whether or not it ever was.

-- +goose Up
CREATE TABLE copies (
    store              TEXT    NOT NULL,
    replica            TEXT    NOT NULL, -- the server it is on
    known_microseconds INTEGER NOT NULL, -- since 1970 in UTC
    PRIMARY KEY (store, replica)
) STRICT, WITHOUT ROWID;
