-- How a comparison compares, so that who goes on with one that was broken off does it alike.

-- +goose Up
ALTER TABLE comparisons ADD COLUMN flags TEXT; -- JSON: a list such as ["--sample=1"]; null: none
