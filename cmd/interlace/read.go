package main

import (
	"context"
	"fmt"
	"io"

	"github.com/interlacemail/interlace/inventory/files"
)

// readLimited reads a file that is not larger than it should be.
func readLimited(ctx context.Context, path string, limit int64) ([]byte, error) {
	f, err := files.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, limit>>20)
	}
	return content, nil
}
