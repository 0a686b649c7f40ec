-- Alerts, silences, and what is to be told of them. Times are microseconds since
-- 1970 in UTC.

-- +goose Up
CREATE TABLE alerts (
    number   INTEGER PRIMARY KEY,
    current  INTEGER NOT NULL CHECK (current IN (0, 1)), -- it has not ended, or so lately that it matters for the next
    key      TEXT    NOT NULL,
    finding  TEXT    NOT NULL, -- JSON
    watcher  TEXT    NOT NULL,
    stage    TEXT    NOT NULL,
    began    INTEGER NOT NULL,
    seen     INTEGER NOT NULL,
    missed   INTEGER NOT NULL,
    fired    INTEGER,
    resolved INTEGER,
    peak     REAL,
    flaps    INTEGER NOT NULL,
    told     TEXT    NOT NULL,
    closed   INTEGER NOT NULL CHECK (closed IN (0, 1)),
    withheld TEXT    NOT NULL,
    acknowledged_by      TEXT NOT NULL, -- empty: nobody has
    acknowledged_comment TEXT NOT NULL,
    acknowledged_at      INTEGER
) STRICT;
CREATE INDEX alerts_current ON alerts (number) WHERE current = 1;
CREATE INDEX alerts_resolved ON alerts (resolved) WHERE current = 0;

CREATE TABLE alert_groups (
    key      TEXT PRIMARY KEY,
    waits    INTEGER,
    told     INTEGER,
    worst    TEXT    NOT NULL,
    messages INTEGER NOT NULL,
    root     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known beside alerts and groups: one row.
CREATE TABLE alert_state (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    steps  INTEGER NOT NULL, -- how often it was changed
    last   INTEGER NOT NULL, -- the number of the alert that began last
    budget INTEGER,
    beat   INTEGER
) STRICT;
INSERT INTO alert_state (number, steps, last) VALUES (1, 0, 0);

CREATE TABLE silences (
    number   INTEGER PRIMARY KEY,
    matchers TEXT    NOT NULL, -- JSON
    author   TEXT    NOT NULL,
    comment  TEXT    NOT NULL,
    begins   INTEGER NOT NULL,
    ends     INTEGER NOT NULL
) STRICT;

-- Messages yet to be sent, and those that were sent lately.
CREATE TABLE messages (
    number  INTEGER PRIMARY KEY,
    route   TEXT    NOT NULL,
    thread  TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    answers TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    made    INTEGER NOT NULL,
    until   INTEGER,
    due     INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    sent    INTEGER,
    dropped INTEGER,
    trouble TEXT    NOT NULL,
    UNIQUE (route, id)
) STRICT;
CREATE INDEX messages_waiting ON messages (route, thread, number) WHERE sent IS NULL AND dropped IS NULL;
