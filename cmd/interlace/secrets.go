package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxSecret is the largest password file.
const maxSecret = 64 << 10

// readSecret reads a password from a file that nobody else may read. The line
// end behind it does not belong to it.
func readSecret(ctx context.Context, path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return "", hint(fmt.Errorf("read the password: others may read %s (mode %04o)", path, info.Mode().Perm()), "chmod 600 %s", path)
	}
	content, err := readLimited(ctx, path, maxSecret)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if secret == "" || strings.ContainsAny(secret, "\x00\r\n") {
		return "", fmt.Errorf("read the password: %s does not hold one line of text", path)
	}
	return secret, nil
}

// useCredentials takes files of passwords and secrets that are not configured from the
// credentials that systemd hands to the service: imap.password_file from
// $CREDENTIALS_DIRECTORY/imap-password.
func (c *config) useCredentials() {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return
	}
	for i := range c.keys {
		k := &c.keys[i]
		name, secret := strings.CutSuffix(k.path, "_file")
		if !secret || !strings.HasSuffix(name, "password") && !strings.HasSuffix(name, "secret") || k.value.String() != "" {
			continue
		}
		path := filepath.Join(dir, strings.ReplaceAll(name, ".", "-"))
		if _, err := os.Stat(path); err != nil {
			continue
		}
		at := place{file: path}
		c.enter(at, k.path, k.fromText(path, "", "credential", at))
	}
}
