-- +goose Up
-- When a look did not find what an alert is about any more; it is over when it has
-- stayed away for a while. NULL: the last look found it, or nobody knows any more.
ALTER TABLE alerts ADD COLUMN gone INTEGER;
