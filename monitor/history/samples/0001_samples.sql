-- Samples. Times are microseconds since 1970 in UTC; what nobody knows is null.

-- +goose Up
CREATE TABLE channels (
    number  INTEGER PRIMARY KEY,
    server  TEXT NOT NULL,
    store   TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind    TEXT NOT NULL,
    role    TEXT NOT NULL, -- as it was last seen, as is the kind
    UNIQUE (server, store, channel)
) STRICT;

-- Looks at a channel. Looks that saw the same, one after the other within one
-- hour, are one row, which is what a healthy channel mostly consists of.
CREATE TABLE backlog (
    channel         INTEGER NOT NULL REFERENCES channels,
    at              INTEGER NOT NULL, -- the first look
    until           INTEGER NOT NULL, -- the last look
    looks           INTEGER NOT NULL,
    log_bytes       INTEGER NOT NULL,
    log_inode       INTEGER NOT NULL, -- 0: there is no such file
    log_first       INTEGER,
    log_last        INTEGER,
    run_bytes       INTEGER NOT NULL,
    run_inode       INTEGER NOT NULL,
    run_first       INTEGER,
    run_last        INTEGER,
    run_taken       INTEGER,
    entries         REAL,
    mailboxes       REAL,
    users           REAL,
    worker          INTEGER NOT NULL,
    clients         TEXT    NOT NULL, -- JSON
    processes_known INTEGER NOT NULL CHECK (processes_known IN (0, 1)),
    trouble         TEXT    NOT NULL,
    PRIMARY KEY (channel, at)
) STRICT, WITHOUT ROWID;

-- What became of the looks of each hour.
CREATE TABLE backlog_hours (
    channel     INTEGER NOT NULL REFERENCES channels,
    hour        INTEGER NOT NULL, -- its beginning
    looks       INTEGER NOT NULL, -- those that saw something
    blind       INTEGER NOT NULL, -- those that could not look
    bytes_mean  REAL, -- null: none saw anything
    bytes_most  REAL,
    age_mean    REAL, -- seconds
    age_most    REAL,
    PRIMARY KEY (channel, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    channel   INTEGER NOT NULL REFERENCES channels,
    begun     INTEGER NOT NULL,
    lasted    INTEGER NOT NULL, -- microseconds
    first     INTEGER,
    bytes     INTEGER NOT NULL,
    entries   INTEGER NOT NULL,
    mailboxes INTEGER NOT NULL,
    sent      REAL,
    trip      REAL, -- seconds
    PRIMARY KEY (channel, begun)
) STRICT, WITHOUT ROWID;

CREATE TABLE instances (
    number INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    store  TEXT NOT NULL,
    role   TEXT NOT NULL,
    UNIQUE (server, store, role)
) STRICT;

CREATE TABLE usage (
    instance  INTEGER NOT NULL REFERENCES instances,
    at        INTEGER NOT NULL,
    over      INTEGER NOT NULL, -- microseconds
    io        REAL,
    cpu       REAL,
    memory    REAL,
    disk      REAL,
    disk_free REAL,
    PRIMARY KEY (instance, at)
) STRICT, WITHOUT ROWID;

-- What an instance used in each hour, by resource: io, cpu, memory, disk, disk_free.
CREATE TABLE usage_hours (
    instance INTEGER NOT NULL REFERENCES instances,
    hour     INTEGER NOT NULL,
    resource TEXT    NOT NULL,
    samples  INTEGER NOT NULL,
    mean     REAL    NOT NULL,
    p95      REAL    NOT NULL,
    most     REAL    NOT NULL,
    PRIMARY KEY (instance, hour, resource)
) STRICT, WITHOUT ROWID;
