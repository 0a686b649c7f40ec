-- Channels, which the samples point to by number.

-- +goose Up
CREATE TABLE channels (
    number  INTEGER PRIMARY KEY,
    server  TEXT NOT NULL,
    store   TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind    TEXT NOT NULL,
    UNIQUE (server, store, channel)
) STRICT;
