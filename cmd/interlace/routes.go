package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/interlacemail/interlace/monitor/alert"
)

// checkTelling says what does not fit together in what the configuration says of
// whom to tell. It reads no file.
func (c *config) checkTelling() error {
	m := &c.Monitor
	wrong := c.checkMail()
	if m.Alerts.Webhook == "" && m.Alerts.WebhookSecretFile != "" && !c.find("alerts.webhook").wrong {
		wrong = errors.Join(wrong, c.wrong("alerts.webhook_secret_file", errors.New("there is nothing to sign with it; write webhook: https://… below alerts")))
	}
	if m.Alerts.Heartbeat > 0 && len(m.Mail.To) == 0 && m.Alerts.Alertmanager == "" && !c.find("mail.to").wrong && !c.find("alerts.alertmanager").wrong {
		wrong = errors.Join(wrong, c.wrong("alerts.heartbeat", errors.New("heartbeats go by mail, and mail.to is not set; write to: [NAME@DOMAIN] below mail")))
	}
	return wrong
}

func (c *config) checkMail() error {
	m := &c.Monitor.Mail
	var wrong error
	if beside := c.firstSet("mail.smtp", "mail.from", "mail.to", "mail.user", "mail.password_file"); beside != "" {
		wrong = errors.Join(
			c.needed("mail.smtp", beside, "smtp: HOST:PORT"), c.needed("mail.from", beside, "from: NAME@DOMAIN"), c.needed("mail.to", beside, "to: [NAME@DOMAIN]"),
		)
	}
	if beside := c.firstSet("mail.user", "mail.password_file"); beside != "" {
		wrong = errors.Join(wrong, c.needed("mail.user", beside, "user: NAME"), c.needed("mail.password_file", beside, "password_file: FILE"))
	}
	if m.SMTP != "" {
		wrong = errors.Join(wrong, c.wrong("mail.tls", alert.CheckRelay(m.SMTP, m.TLS)))
	}
	return wrong
}

// firstSet returns the first of the keys that is set to anything, or nothing.
func (c *config) firstSet(paths ...string) string {
	for _, path := range paths {
		if k := c.find(path); k.wrong || k.value.String() != "" {
			return path
		}
	}
	return ""
}

// secrets says what is wrong with the files that are read to tell anybody.
func (c *config) secrets(ctx context.Context) error {
	_, wrong := c.mailRoutes(ctx)
	_, err := c.webhook(ctx)
	return errors.Join(wrong, err)
}

// mailRoutes returns a route for each address that gets mail.
func (c *config) mailRoutes(ctx context.Context) (map[string]alert.Route, error) {
	m := &c.Monitor.Mail
	routes := map[string]alert.Route{}
	password, err := c.secret(ctx, "mail.password_file", m.PasswordFile)
	roots, unreadable := certificates(ctx, m.CAFile)
	if wrong := errors.Join(err, c.wrong("mail.ca_file", unreadable)); wrong != nil {
		return routes, wrong
	}
	for _, to := range m.To {
		routes[alert.MailTo+to] = &alert.Mail{Relay: m.SMTP, From: m.From, To: to, TLS: m.TLS, Roots: roots, User: m.User, Password: password}
	}
	return routes, nil
}

// secret reads the secret in the file that a key names, or nothing where it names none.
func (c *config) secret(ctx context.Context, path, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	secret, err := readSecret(ctx, file)
	return secret, c.wrong(path, err)
}

// webhook returns the route to a URL, or nil.
func (c *config) webhook(ctx context.Context) (alert.Route, error) {
	m := &c.Monitor.Alerts
	secret, err := c.secret(ctx, "alerts.webhook_secret_file", m.WebhookSecretFile)
	if m.Webhook == "" {
		return nil, err
	}
	return &alert.Webhook{URL: m.Webhook, Secret: secret}, err
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
