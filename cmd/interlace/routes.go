package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/monitor/alert"
)

// mailRoutes returns a route for each address that gets mail.
func (c *config) mailRoutes(ctx context.Context) (map[string]alert.Route, error) {
	m := &c.Monitor.Mail
	routes := map[string]alert.Route{}
	if m.SMTP == "" && m.From == "" && len(m.To) == 0 {
		return routes, nil
	}
	wrong := errors.Join(
		c.needed("mail.smtp", m.SMTP != "", "smtp: HOST:PORT"), c.needed("mail.from", m.From != "", "from: NAME@DOMAIN"), c.needed("mail.to", len(m.To) > 0, "to: [NAME@DOMAIN]"),
	)
	if m.SMTP != "" {
		wrong = errors.Join(wrong, c.wrong("mail.smtp", alert.CheckRelay(m.SMTP, m.TLS)))
	}
	if m.From != "" {
		wrong = errors.Join(wrong, c.wrong("mail.from", alert.CheckAddress(m.From)))
	}
	for _, to := range m.To {
		wrong = errors.Join(wrong, c.wrong("mail.to", alert.CheckAddress(to)))
	}
	password, err := c.mailPassword(ctx)
	wrong = errors.Join(wrong, err)
	roots, err := certificates(ctx, m.CAFile)
	if wrong = errors.Join(wrong, c.wrong("mail.ca_file", err)); wrong != nil {
		return routes, wrong
	}
	for _, to := range m.To {
		routes[alert.MailTo+to] = &alert.Mail{Relay: m.SMTP, From: m.From, To: to, TLS: m.TLS, Roots: roots, User: m.User, Password: password}
	}
	return routes, nil
}

// mailPassword returns the password for the relay, or nothing where it wants none.
func (c *config) mailPassword(ctx context.Context) (string, error) {
	m := &c.Monitor.Mail
	if m.User == "" && m.PasswordFile == "" {
		return "", nil
	}
	if err := errors.Join(c.needed("mail.user", m.User != "", "user: NAME"), c.needed("mail.password_file", m.PasswordFile != "", "password_file: FILE")); err != nil {
		return "", err
	}
	password, err := readSecret(ctx, m.PasswordFile)
	return password, c.wrong("mail.password_file", err)
}

// webhook returns the route to a URL, or nil.
func (c *config) webhook(ctx context.Context) (alert.Route, error) {
	m := &c.Monitor.Alerts
	switch {
	case m.Webhook == "" && m.WebhookSecretFile == "":
		return nil, nil
	case m.Webhook == "":
		return nil, c.wrong("alerts.webhook_secret_file", errors.New("there is nothing to sign with it; write webhook: https://… below alerts"))
	}
	hook := &alert.Webhook{URL: m.Webhook}
	wrong := c.wrong("alerts.webhook", hook.Check())
	if m.WebhookSecretFile != "" {
		var err error
		hook.Secret, err = readSecret(ctx, m.WebhookSecretFile)
		wrong = errors.Join(wrong, c.wrong("alerts.webhook_secret_file", err))
	}
	return hook, wrong
}

// maxCertificates is the largest file of certificates.
const maxCertificates = 4 << 20

// certificates reads the certificates of those who sign others, or nothing where
// no file is named: then those of the system count.
func certificates(ctx context.Context, path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	content, err := readLimited(ctx, path, maxCertificates)
	if err != nil {
		return nil, fmt.Errorf("read the certificates: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read the certificates: %s holds none in PEM form, with a line BEGIN CERTIFICATE", path)
	}
	return roots, nil
}

// needed is the mistake that a key is not set although others beside it are.
func (c *config) needed(path string, set bool, remedy string) error {
	if set {
		return nil
	}
	section, _, _ := strings.Cut(path, ".")
	return fmt.Errorf("%s is not set; write %s below %s", path, remedy, section)
}

// wrong says of each mistake in the value of a key which key it is, and where it
// is set.
func (c *config) wrong(path string, err error) error {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var list []error
		for _, one := range several.Unwrap() {
			list = append(list, c.wrong(path, one))
		}
		return errors.Join(list...)
	}
	if err == nil {
		return nil
	}
	if k := c.find(path); k.origin != "default" {
		return fmt.Errorf("%s (%s): %w", path, k.origin, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
