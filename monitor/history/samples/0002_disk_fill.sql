-- How full the fullest file system of an instance is, as df counts it: a part of 1.

-- +goose Up
ALTER TABLE usage ADD COLUMN disk_fill REAL;
