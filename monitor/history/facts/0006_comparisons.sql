-- What comparisons of masters with their replicas found. Times are microseconds
-- since 1970 in UTC. The owner of mailboxes is a user or, where shared is 1, a
-- shared tree.

-- +goose Up
CREATE TABLE comparisons (
    number    INTEGER PRIMARY KEY,
    level     TEXT    NOT NULL,
    selection TEXT    NOT NULL,
    began     INTEGER NOT NULL,
    ended     INTEGER, -- null: it goes on, or was broken off
    copies    INTEGER NOT NULL,
    identical INTEGER NOT NULL,
    different INTEGER NOT NULL,
    unknown   INTEGER NOT NULL
) STRICT;

CREATE TABLE compared (
    store   TEXT    NOT NULL,
    replica TEXT    NOT NULL, -- the server it is on
    owner   TEXT    NOT NULL,
    shared  INTEGER NOT NULL CHECK (shared IN (0, 1)),
    level   TEXT    NOT NULL,
    known   INTEGER NOT NULL, -- since when it is known that there is such an owner
    run     INTEGER NOT NULL, -- the number of the comparison; 0: never compared
    at      INTEGER,          -- null: never compared
    outcome TEXT    NOT NULL, -- empty: never compared
    whole   INTEGER,          -- when all that the level looks at was compared
    PRIMARY KEY (store, replica, owner, shared, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE differences (
    number     INTEGER PRIMARY KEY,
    store      TEXT    NOT NULL,
    replica    TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    shared     INTEGER NOT NULL CHECK (shared IN (0, 1)),
    subject    TEXT    NOT NULL, -- tells it from others of the owner
    difference TEXT    NOT NULL, -- JSON
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    gone       INTEGER           -- null: it is open
) STRICT;
CREATE UNIQUE INDEX differences_open ON differences (store, replica, owner, shared, subject) WHERE gone IS NULL;
