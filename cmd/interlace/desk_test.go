package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/interlacemail/interlace/fixtures/mailtest"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
)

// poster takes what is posted, and answers with a status.
type poster struct {
	*httptest.Server
	mutex  sync.Mutex
	status int
	paths  []string
	bodies []string
	header http.Header
}

func newPoster(t *testing.T) *poster {
	p := &poster{status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.paths, p.bodies, p.header = append(p.paths, r.URL.Path), append(p.bodies, string(body)), r.Header
		w.WriteHeader(p.status)
	}))
	t.Cleanup(p.Close)
	return p
}

// secretFile writes a file that nobody else may read.
func secretFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A test message goes by every way, with passwords, secrets and certificates from
// their files; one that is not taken is told, and by whom.
func TestAlertsTest(t *testing.T) {
	t.Chdir(t.TempDir())
	relay, hook := mailtest.Run(t), newPoster(t)
	secretFile(t, "password", "geheim\n")
	secretFile(t, "secret", "signed\n")
	write(t, "ca.pem", string(relay.Certificate))
	write(t, "interlace.yaml", `server: imap1
mail: {smtp: "`+relay.Address+`", from: interlace@example.org, to: [ops@example.org, boss@example.org], user: u, password_file: password, ca_file: ca.pem}
alerts: {webhook: "`+hook.URL+`/hook", webhook_secret_file: secret}
`)
	got := succeed(t, "alerts", "test")
	for _, want := range []string{"mail:boss@example.org   taken", "mail:ops@example.org    taken", "webhook                 taken"} {
		if !strings.Contains(got, want) {
			t.Errorf("not in it: %s\n%s", want, got)
		}
	}
	mails := relay.Received()
	if len(mails) != 2 || relay.InClear() || !strings.Contains(mails[0], "Subject: [interlace] info: test on imap1") || !strings.Contains(mails[0], "This is a test") {
		t.Errorf("in the clear: %v; mails: %s", relay.InClear(), mails)
	}
	sum := hmac.New(sha256.New, []byte("signed"))
	sum.Write([]byte(hook.bodies[0]))
	if want := "sha256=" + hex.EncodeToString(sum.Sum(nil)); hook.header.Get("X-Interlace-Signature") != want || !json.Valid([]byte(hook.bodies[0])) {
		t.Errorf("posted %v: %s", hook.header, hook.bodies[0])
	}

	relay.Set(func() { relay.Says["RCPT"] = "550 no such user \x1b[2J" })
	hook.mutex.Lock()
	hook.status = http.StatusForbidden
	hook.mutex.Unlock()
	status, got, said := interlace(t.Context(), "alerts", "test")
	if !strings.Contains(said, "sending to mail:boss@example.org, mail:ops@example.org, webhook, which may take a minute") {
		t.Errorf("while it waits it says %q", said)
	}
	if status != exitFound || strings.Count(got, "not taken") != 3 || !strings.Contains(got, "no such user") || !strings.Contains(got, "403") || strings.Contains(got, "\x1b") {
		t.Errorf("status %d: %s", status, got)
	}
	if status, _, _ := interlace(t.Context(), "alerts", "test", "-o", "json"); status != exitFound {
		t.Errorf("as JSON: status %d", status)
	}
}

// Where an Alertmanager is told, nothing goes other ways, which is said.
func TestAlertsTestAlertmanager(t *testing.T) {
	t.Chdir(t.TempDir())
	relay, manager := mailtest.Run(t), newPoster(t)
	write(t, "interlace.yaml", `mail: {smtp: "`+relay.Address+`", from: interlace@example.org, to: [ops@example.org]}
alerts: {alertmanager: "`+manager.URL+`", heartbeat: 1d}
`)
	status, got, stderr := interlace(t.Context(), "alerts", "test")
	if status != exitFine || !strings.Contains(got, "alertmanager   taken") || !strings.Contains(stderr, "nothing is sent by mail:ops@example.org") {
		t.Errorf("status %d: %s%s", status, got, stderr)
	}
	if len(relay.Received()) != 0 || len(manager.paths) != 1 || manager.paths[0] != "/api/v2/alerts" || !strings.Contains(manager.bodies[0], `"alertname":"test"`) {
		t.Errorf("%d mails; posted to %v: %v", len(relay.Received()), manager.paths, manager.bodies)
	}
}

// deskOf returns the desk of a configuration.
func deskOf(t *testing.T, content string) (*alert.Desk, string, error) {
	t.Helper()
	var said strings.Builder
	a := &app{stderr: &said, config: newConfig()}
	a.config.parse("interlace.yaml", []byte(content))
	if err := a.config.refuse(); err != nil {
		t.Fatal(err)
	}
	d, err := a.desk(t.Context(), nil, "imap1")
	return d, said.String(), err
}

// TestHosts: an address leads to its server; what two servers share says nothing.
func TestHosts(t *testing.T) {
	got := hosts(&inventory.Inventory{Stores: []inventory.Store{
		{Name: "s1", Instances: []inventory.Instance{{Server: "imap1", IMAP: "mail.example.org:143", CSync: "127.0.0.1:2005"}, {Server: "imap7", CSync: "[2001:db8::7]:2005"}}},
		{Name: "s2", Instances: []inventory.Instance{{Server: "imap2", IMAP: "mail.example.org:1143", CSync: "127.0.0.1:2006"}, {Server: "imap8", IMAP: "nonsense"}}},
	}})
	want := map[string]inventory.ServerID{
		"mail.example.org:143": "imap1", "mail.example.org:1143": "imap2", "127.0.0.1:2005": "imap1", "127.0.0.1:2006": "imap2",
		"[2001:db8::7]:2005": "imap7", "2001:db8::7": "imap7",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDesk(t *testing.T) {
	d, said, err := deskOf(t, `
mail: {smtp: "localhost:25", from: interlace@mail.example.org, to: [ops@example.org, boss@example.org, ops@example.org], tls: none}
alerts: {for: 10m, keep_firing: 20m, group_wait: 1s, group_interval: 2m, repeat: 1d, least: critical, heartbeat: 12h, webhook: "https://example.org/x"}
`)
	if err != nil || said != "" {
		t.Fatalf("said %q, error %v", said, err)
	}
	want := alert.Options{
		For: 10 * time.Minute, KeepFiring: 20 * time.Minute, GroupWait: time.Second, GroupInterval: 2 * time.Minute, RepeatInterval: 24 * time.Hour,
		Least: monitor.Critical, Heartbeats: 12 * time.Hour, Beating: []string{"mail:boss@example.org", "mail:ops@example.org"},
		Domain: "mail.example.org", Host: "imap1", Hosts: map[string]inventory.ServerID{},
	}
	if !reflect.DeepEqual(d.Options, want) {
		t.Errorf("options\n%+v, want\n%+v", d.Options, want)
	}
	routes := map[string]alert.Route{"webhook": &alert.Webhook{URL: "https://example.org/x"}}
	for _, to := range []string{"ops@example.org", "boss@example.org"} {
		routes["mail:"+to] = &alert.Mail{Relay: "localhost:25", From: "interlace@mail.example.org", To: to, TLS: alert.NoTLS}
	}
	if !reflect.DeepEqual(d.Routes, routes) {
		t.Errorf("routes %v, want %v", d.Routes, routes)
	}

	d, said, err = deskOf(t, "alerts: {least: info}")
	if err != nil || len(d.Routes) != 0 || d.Alertmanager != nil || strings.Count(said, "nobody is told of alerts") != 1 || d.Options.Least != monitor.Info {
		t.Errorf("without a route: said %q, error %v, %+v", said, err, d)
	}
}

// The desk keeps alerts where the command finds them, and mails them; what the
// mail says can be done is done.
func TestDeskTells(t *testing.T) {
	t.Chdir(t.TempDir())
	relay := mailtest.Run(t)
	write(t, "ca.pem", string(relay.Certificate))
	a := &app{stderr: io.Discard, config: newConfig()}
	content := `{mail: {smtp: "` + relay.Address + `", from: interlace@example.org, to: [ops@example.org], ca_file: ca.pem}, alerts: {group_wait: 1s}}`
	a.config.parse("interlace.yaml", []byte(content))
	if err := a.config.refuse(); err != nil {
		t.Fatal(err)
	}
	h, err := a.openHistory(t.Context(), toWatch)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	d, err := a.desk(t.Context(), h, "imap1")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().Add(-time.Hour)
	round := func(after time.Duration, findings ...monitor.Finding) {
		now := func() time.Time { return start.Add(after) }
		looks := []monitor.Look{{Probe: monitor.ProbeProcesses, Watcher: "imap1", Findings: findings}}
		if err := errors.Join(d.Judge(t.Context(), looks, now()), d.Deliver(t.Context(), now)); err != nil {
			t.Fatal(err)
		}
	}
	hot := monitor.Finding{Probe: monitor.ProbeProcesses, Kind: monitor.HotLoop, Severity: monitor.Critical, Server: "imap1", Store: "s1", Text: "again and again"}
	round(0, hot)
	round(2*time.Second, hot)
	if mails := relay.Received(); len(mails) != 1 || relay.InClear() || !strings.Contains(mails[0], "interlace alerts acknowledge 1") {
		t.Fatalf("mails %q", mails)
	}
	if status, got, _ := interlace(t.Context(), "alerts"); status != exitFound || !strings.Contains(got, "· told ") {
		t.Errorf("status %d: %s", status, got)
	}
	succeed(t, "alerts", "acknowledge", "1")
	round(5*time.Hour, hot)
	for minute := range 3 {
		round(6*time.Hour + time.Duration(minute)*5*time.Minute)
	}
	if mails := relay.Received(); len(mails) != 2 || !strings.Contains(mails[1], "Subject: [interlace] resolved: hot_loop on imap1, store s1 after 6 h 0 m") {
		t.Errorf("mails %q", mails)
	}
}

// Alerts are shown although the fleet file, which says where replicas are, cannot
// be read.
func TestAlertsWithoutFleet(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := fill("interlace.db"); err != nil {
		t.Fatal(err)
	}
	write(t, "fleet.yaml", "format: 1\nservers: 3\n")
	write(t, "interlace.yaml", "fleet: fleet.yaml\n")
	status, got, stderr := interlace(t.Context(), "alerts")
	if status != exitFound || !strings.Contains(got, "replica_unreachable") || !strings.Contains(stderr, "servers are known by their addresses only") {
		t.Errorf("status %d: %s%s", status, got, stderr)
	}

	// With it, an address leads to its server: who works on that silences the alert.
	write(t, "fleet.yaml", `format: 1
servers: [{name: imap1, capacity: {disk: 1TB, io: 9}}, {name: imap3, capacity: {disk: 1TB, io: 9}}]
stores: [{name: s2, instances: [{server: imap1, role: master}, {server: imap3, role: replica, csync: "10.0.0.3:2005"}]}]
`)
	if _, got, _ := interlace(t.Context(), "alerts", "--kind", "replica_unreachable"); !strings.Contains(got, "told 2026-02-01T09:00:00Z") {
		t.Errorf("not when it was told: %s", got)
	}
	if got := succeed(t, "alerts", "silence", "--for", "1h", "--comment", "new disks", "server=imap3"); !strings.Contains(got, "3 replica_unreachable on imap1, store s2") {
		t.Errorf("got %s", got)
	}
}

// Alerts are shown and acknowledged while somebody writes.
func TestAlertsWhileWatching(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := fill("interlace.db"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a := &app{config: newConfig()}
	h, err := a.openHistory(ctx, toWatch)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var watching sync.WaitGroup
	watching.Go(func() {
		for now := time.Now(); ctx.Err() == nil; now = now.Add(time.Second) {
			err := h.StepAlerts(ctx, now, func(s monitor.AlertState) (monitor.AlertState, []monitor.Message) {
				looks := []monitor.Look{{Probe: monitor.ProbeProcesses, Watcher: "imap1", Findings: toldOf[:2]}}
				return alert.Step(s, looks, now, alert.Options{Routes: []string{"webhook"}})
			})
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	defer watching.Wait()
	defer cancel()
	for range 10 {
		if status, got, stderr := interlace(t.Context(), "alerts"); status != exitFound || !strings.Contains(got, "client_missing") {
			t.Errorf("status %d: %s%s", status, got, stderr)
		}
		succeed(t, "alerts", "acknowledge", "2")
	}
	if got := succeed(t, "alerts", "silence"); !strings.Contains(got, "nothing is silenced") {
		t.Errorf("got %s", got)
	}
	if _, got, _ := interlace(t.Context(), "alerts", "--kind", "client_missing"); !strings.Contains(got, "acknowledged by") {
		t.Errorf("an acknowledgement got lost: %s", got)
	}
}

// While a watch runs, the servers behind addresses are those of the newest
// inventory.
func TestHostsOfNewInventory(t *testing.T) {
	t.Chdir(t.TempDir())
	fleet := func(address string) {
		write(t, "fleet.yaml", `format: 1
servers: [{name: imap1, capacity: {disk: 1TB, io: 9}}, {name: imap3, capacity: {disk: 1TB, io: 9}}]
stores: [{name: s2, instances: [{server: imap1, role: master}, {server: imap3, role: replica, csync: "`+address+`:2005"}]}]
`)
	}
	fleet("10.0.0.3")
	l := localOf(t, "imap1")
	look := func(address string) {
		t.Helper()
		if _, err := l.instances(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := l.hosts(); got[address] != "imap3" || len(got) != 2 {
			t.Errorf("got %v", got)
		}
	}
	look("10.0.0.3")
	fleet("10.0.0.103")
	look("10.0.0.103")
}

// localOf is what fleet.yaml says of a server, read on the first of November.
func localOf(t *testing.T, server inventory.ServerID) *local {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) }
	a := &app{stderr: io.Discard, config: newConfig(), now: now}
	a.config.parse("interlace.yaml", []byte("fleet: fleet.yaml"))
	f, err := a.facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := &local{app: a, server: server}
	l.take(f)
	if _, err := l.instances(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// A fleet file with a mistake in it leaves a watch the inventory that it had, with an
// error that says what is wrong where, until the file is right again.
func TestMistakesInFleetWhileWatching(t *testing.T) {
	t.Chdir(t.TempDir())
	const right = `format: 1
servers: [{name: imap1, capacity: {disk: 1TB, io: 9}}]
stores: [{name: s2, instances: [{server: imap1, role: master}]}]
`
	write(t, "fleet.yaml", right)
	l := localOf(t, "imap1")
	for _, c := range []struct{ fleet, want string }{
		{right + "pols: {}\n", "fleet.yaml:4:1: key pols is not known in a fleet file; the keys are format resources spread survive copies sharing servers stores instances users shares groups; watch goes on with the inventory that it read at 2026-11-01T12:00:00Z"},
		{strings.Replace(right, "role: master", "role: mastr, rle: x", 1), `fleet.yaml:3:62: key rle is not known in instances; rle looks like role (2 mistakes in 1 file); watch goes on with `},
		{strings.ReplaceAll(right, "imap1", "imap9"), `fleet.yaml has no server "imap1" any more; watch goes on with `},
		{right + "\n", ""},
	} {
		write(t, "fleet.yaml", c.fleet)
		list, err := l.instances(t.Context())
		if len(list) != 1 || list[0].Store != "s2" {
			t.Errorf("%q: got %+v", c.want, list)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if err := os.Remove("fleet.yaml"); err != nil {
		t.Fatal(err)
	}
	if list, err := l.instances(t.Context()); len(list) != 1 || err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("without a file: %v, %v", list, err)
	}
}

// What could not be sent is a finding of watch --once, too.
func TestWatchOnceUnsent(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := fill("interlace.db"); err != nil {
		t.Fatal(err)
	}
	write(t, "fleet.yaml", "format: 1\nservers: [{name: imap1, capacity: {disk: 1TB, io: 9}}, {name: imap2, capacity: {disk: 1TB, io: 9}}]\nstores: []\n")
	status, got, stderr := interlace(t.Context(), "watch", "--once", "--server", "imap1", "--fleet", "fleet.yaml", "-o", "json")
	if status != exitFound || !strings.Contains(got, `"messages by mail:ops@example.org cannot be sent, and wait: call localhost:25`) || !strings.Contains(got, `"since": "2026-02-01T08:01:00Z"`) {
		t.Errorf("status %d: %s%s", status, got, stderr)
	}
	if !strings.Contains(stderr, "no watch runs on imap1: nobody is told of this, and interlace alerts does not list it") {
		t.Errorf("that it is no alert is not said: %s", stderr)
	}
	if status, got, stderr := interlace(t.Context(), "watch", "--once", "--server", "imap2", "--fleet", "fleet.yaml"); status != exitFine || strings.Contains(stderr, "no watch runs") {
		t.Errorf("those of another server: status %d: %s%s", status, got, stderr)
	}
}

// A watch that begins says what the one before may have been sending when it was
// killed, and when that is tried again.
func TestWaitingIsNoted(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := fill("interlace.db"); err != nil {
		t.Fatal(err)
	}
	now := filled.Add(3 * time.Hour)
	var said strings.Builder
	a := &app{config: newConfig(), stderr: &said, now: func() time.Time { return now }}
	h, err := a.openHistory(t.Context(), toWatch)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	// Whoever has claimed it is dead.
	if m, err := h.ClaimMessage(t.Context(), "mail:ops@example.org", now, now.Add(3*time.Minute), now.Add(time.Hour)); m == nil || err != nil {
		t.Fatalf("%v, %v", m, err)
	}
	if err := errors.Join(a.noteWaiting(t.Context(), h, "imap2"), a.noteWaiting(t.Context(), h, "imap1")); err != nil {
		t.Fatal(err)
	}
	if got := said.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "wait to be sent by mail:ops@example.org") || !strings.Contains(got, " at "+string(monitor.Time(now.Add(3*time.Minute)))) {
		t.Errorf("it says %q", got)
	}
}
