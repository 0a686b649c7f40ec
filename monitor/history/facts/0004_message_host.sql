-- +goose Up
-- The server whose watch made a message: what its configuration does not name any
-- more is dropped by that watch only. Empty: nobody knows any more.
ALTER TABLE messages ADD COLUMN host TEXT NOT NULL DEFAULT '';
