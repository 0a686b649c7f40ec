-- Which journal of carrying out plans this is. A copy of the file is the same one.

-- +goose Up
CREATE TABLE journal (
    identity TEXT NOT NULL -- by which the files tell that claim instances for it
) STRICT;
INSERT INTO journal (identity) VALUES (lower(hex(randomblob(8))));
