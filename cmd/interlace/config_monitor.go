package main

import (
	"fmt"
	"slices"
	"time"
)

// monitorConfig is what the monitor is told.
type monitorConfig struct {
	Server string // the name of this server in the inventory

	Backlog, Processes, Usage time.Duration // between two looks
	BehindBytes, AlertBytes   int64
	BehindAge, AlertAge       time.Duration

	LogFiles   []string
	Journal    []string // words for journalctl that select the entries; none: no journal
	Patterns   string   // a file with lines that are known here
	Recover    string
	SyncClient string   // path of sync_client
	Restart    []string // restarts the service of a store's rolling client

	RoutingFile  string
	RoutingQuery []string
	Runner       []string // how a command reaches a server; none: it runs here
	RunnerQuote  string

	Mail   mailConfig
	Alerts alertsConfig
}

// mailConfig says how mail is sent.
type mailConfig struct {
	SMTP, From   string
	To           []string
	TLS          string
	User         string
	PasswordFile string
	CAFile       string
}

// alertsConfig says what is told when, and where else than by mail.
type alertsConfig struct {
	For, KeepFiring          time.Duration
	GroupWait, GroupInterval time.Duration
	Repeat                   time.Duration
	Least                    string
	Heartbeat                time.Duration
	Webhook                  string
	WebhookSecretFile        string
	Alertmanager             string
}

// monitorKeys are the keys that the monitor reads.
func monitorKeys(m *monitorConfig) []key {
	return slices.Concat([]key{
		{path: "server", value: text(&m.Server)},
		{path: "probes.backlog", value: interval(&m.Backlog, "2m")},
		{path: "probes.processes", value: interval(&m.Processes, "10m")},
		{path: "probes.usage", value: interval(&m.Usage, "5m")},
		{path: "probes.behind.bytes", value: size(&m.BehindBytes, "10kB")},
		{path: "probes.behind.age", value: duration(&m.BehindAge, "60s")},
		{path: "probes.alert.bytes", value: size(&m.AlertBytes, "100kB")},
		{path: "probes.alert.age", value: duration(&m.AlertAge, "5m")},
		{path: "logs.files", value: words(&m.LogFiles)},
		{path: "logs.journal", value: words(&m.Journal)},
		{path: "logs.patterns", value: file(&m.Patterns, "")},
	}, mailKeys(&m.Mail), alertsKeys(&m.Alerts), []key{
		{path: "recover", value: choice(&m.Recover, "never", "never", "allow")},
		{path: "sync_client", value: file(&m.SyncClient, "")},
		{path: "sync_restart", value: words(&m.Restart)},
		{path: "routing_file", value: file(&m.RoutingFile, "")},
		{path: "routing_query", value: words(&m.RoutingQuery)},
		{path: "runner.argv", value: words(&m.Runner)},
		{path: "runner.quote", value: choice(&m.RunnerQuote, "", "sh")},
	})
}

func mailKeys(m *mailConfig) []key {
	return []key{
		{path: "mail.smtp", value: text(&m.SMTP)},
		{path: "mail.from", value: text(&m.From)},
		{path: "mail.to", value: words(&m.To)},
		{path: "mail.tls", value: choice(&m.TLS, "", "tls", "starttls", "none")},
		{path: "mail.user", value: text(&m.User)},
		{path: "mail.password_file", value: file(&m.PasswordFile, "")},
		{path: "mail.ca_file", value: file(&m.CAFile, "")},
	}
}

func alertsKeys(a *alertsConfig) []key {
	return []key{
		{path: "alerts.for", value: interval(&a.For, "5m")},
		{path: "alerts.keep_firing", value: interval(&a.KeepFiring, "5m")},
		{path: "alerts.group_wait", value: interval(&a.GroupWait, "30s")},
		{path: "alerts.group_interval", value: interval(&a.GroupInterval, "5m")},
		{path: "alerts.repeat", value: interval(&a.Repeat, "4h")},
		{path: "alerts.least", value: choice(&a.Least, "warning", "info", "warning", "critical")},
		{path: "alerts.heartbeat", value: duration(&a.Heartbeat, "0s")},
		{path: "alerts.webhook", value: text(&a.Webhook)},
		{path: "alerts.webhook_secret_file", value: file(&a.WebhookSecretFile, "")},
		{path: "alerts.alertmanager", value: text(&a.Alertmanager)},
	}
}

// shortestInterval is how often a server may be looked at, and what is told at once.
const shortestInterval = time.Second

// interval is the time between two looks, or between finding and telling.
func interval(to *time.Duration, fallback string) value {
	return plain(to, fallback, func(raw, _ string) (time.Duration, error) {
		d, err := parseDuration(raw)
		if err == nil && d < shortestInterval {
			err = fmt.Errorf("%s is shorter than %v", raw, shortestInterval)
		}
		return d, err
	})
}
