CREATE TABLE instances (
    store         TEXT    NOT NULL,
    position      INTEGER NOT NULL, -- 0: the master, then the replicas in promotion order
    server        TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    imap          TEXT    NOT NULL,
    csync         TEXT    NOT NULL,
    imapd_conf    TEXT    NOT NULL,
    sync_dir      TEXT    NOT NULL,
    log           TEXT    NOT NULL,
    version       TEXT    NOT NULL,
    separator     TEXT    NOT NULL,
    virtdomains   TEXT    NOT NULL,
    conversations TEXT    NOT NULL,
    partitions    TEXT    NOT NULL,
    since         INTEGER NOT NULL REFERENCES inventories,
    until         INTEGER CHECK (until > since),
    PRIMARY KEY (since, store, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE inventories (
    number          INTEGER PRIMARY KEY, -- 1, 2, 3, … in the order of saving
    at_microseconds INTEGER NOT NULL,    -- what it describes, since 1970 in UTC
    note            TEXT    NOT NULL,
    whole           INTEGER NOT NULL CHECK (whole IN (0, 1)), -- 0: users, shares and memberships are gone
    server_count    INTEGER NOT NULL,
    store_count     INTEGER NOT NULL,
    user_count      INTEGER NOT NULL,
    copies          INTEGER NOT NULL,
    spread          TEXT    NOT NULL,
    survive         TEXT    NOT NULL,
    sharing         TEXT    NOT NULL
) STRICT;

CREATE TABLE inventory_migrations (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);

CREATE TABLE memberships (
    group_name TEXT    NOT NULL,
    member     TEXT    NOT NULL,
    since      INTEGER NOT NULL REFERENCES inventories,
    until      INTEGER CHECK (until > since),
    PRIMARY KEY (since, group_name, member)
) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
    position                 INTEGER NOT NULL,
    name                     TEXT    NOT NULL,
    unit                     TEXT    NOT NULL,
    replica                  REAL    NOT NULL,
    cold                     REAL    NOT NULL,
    ceiling                  REAL    NOT NULL,
    failure_ceiling          REAL    NOT NULL,
    failure_ceiling_by_level TEXT    NOT NULL,
    since                    INTEGER NOT NULL REFERENCES inventories,
    until                    INTEGER CHECK (until > since),
    PRIMARY KEY (since, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
    name                       TEXT    NOT NULL,
    domains                    TEXT    NOT NULL, -- label by level
    slots                      INTEGER,          -- null: no limit
    capacity                   TEXT    NOT NULL,
    state                      TEXT    NOT NULL,
    bandwidth_bytes_per_second INTEGER NOT NULL, -- 0: the default
    transfers                  INTEGER NOT NULL, -- 0: the default
    since                      INTEGER NOT NULL REFERENCES inventories,
    until                      INTEGER CHECK (until > since),
    PRIMARY KEY (since, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE shares (
    owner   TEXT    NOT NULL,
    folder  TEXT    NOT NULL,
    grantee TEXT    NOT NULL,
    rights  TEXT    NOT NULL,
    since   INTEGER NOT NULL REFERENCES inventories,
    until   INTEGER CHECK (until > since),
    PRIMARY KEY (since, owner, folder, grantee)
) STRICT, WITHOUT ROWID;

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE store_sums (
    store      TEXT    NOT NULL,
    user_count INTEGER NOT NULL,
    load       TEXT    NOT NULL,
    since      INTEGER NOT NULL REFERENCES inventories,
    until      INTEGER CHECK (until > since),
    PRIMARY KEY (since, store)
) STRICT, WITHOUT ROWID;

CREATE TABLE stores (
    name            TEXT    NOT NULL,
    capacity        TEXT    NOT NULL, -- 0: no limit
    base            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    pinned          INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    copies          INTEGER NOT NULL,
    allowed_domains TEXT    NOT NULL, -- list by level
    since           INTEGER NOT NULL REFERENCES inventories,
    until           INTEGER CHECK (until > since),
    PRIMARY KEY (since, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    name      TEXT    NOT NULL,
    store     TEXT    NOT NULL,
    load      TEXT    NOT NULL,
    moved     TEXT    NOT NULL, -- a day, 2006-01-02; empty: never or unknown
    messages  INTEGER,
    mailboxes INTEGER,
    kind      INTEGER NOT NULL, -- 0: a mail user, 1: a shared tree
    pinned    INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    estimated INTEGER NOT NULL, -- bit i: the load of resource i is estimated
    since     INTEGER NOT NULL REFERENCES inventories,
    until     INTEGER CHECK (until > since),
    PRIMARY KEY (since, name)
) STRICT, WITHOUT ROWID;

