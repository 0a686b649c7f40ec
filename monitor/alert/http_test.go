package alert_test

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
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
	"github.com/interlacemail/interlace/monitor/alert"
)

func TestWebhook(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	m := &monitor.Message{ID: "firing.1@x", Body: `{"version":"4"}`}
	w := &alert.Webhook{URL: server.URL + "/hook", Secret: "key"}
	if err := w.Deliver(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	sum := hmac.New(sha256.New, []byte("key"))
	sum.Write([]byte(m.Body))
	if string(body) != m.Body || got.Header.Get("X-Interlace-Signature") != "sha256="+hex.EncodeToString(sum.Sum(nil)) ||
		got.Header.Get("X-Interlace-Message") != m.ID || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("body %s, header %v", body, got.Header)
	}
}

func TestWebhookFailures(t *testing.T) {
	elsewhere := false
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere = true })
	mux.Handle("/moved", http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	for path, code := range map[string]int{"/down": 503, "/gone": 410, "/much": 429} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no\x1b[2J", code) })
	}
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	mux.HandleFunc("/flood", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		for range 1000 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, test := range []struct {
		url     string
		refused bool
		text    string
	}{
		{server.URL + "/down", false, "503"},
		{server.URL + "/much", false, "429"},
		{server.URL + "/gone", true, "410"},
		{server.URL + "/moved", true, "307"},
		{server.URL + "/flood", false, "500"},
		{server.URL + "/slow?token=geheim", false, "deadline"},
		{"http://u:geheim@127.0.0.1:1/x?token=geheim", false, "refused"},
		{"http://169.254.169.254/latest/meta-data", true, "link-local"},
		{"http://[::ffff:169.254.169.254]/", true, "link-local"},
		{"http://[fe80::1%25lo]:80/", true, "link-local"},
		{"http://[fd00:ec2::254]/", true, "link-local"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := (&alert.Webhook{URL: test.url}).Deliver(ctx, &monitor.Message{Body: "{}"})
		cancel()
		var refusal *alert.Refusal
		if err == nil || errors.As(err, &refusal) != test.refused || !strings.Contains(err.Error(), test.text) || strings.ContainsAny(err.Error(), "\x1b") || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "dial ") {
			t.Errorf("%s: got %v, refused for good: %v", test.url, err, errors.As(err, &refusal))
		}
	}
	if elsewhere {
		t.Error("a redirect was followed")
	}
	for _, url := range []string{"", "relay", "ftp://x/", "http://", "file:///etc/passwd", "http://\x00"} {
		if err := (&alert.Webhook{URL: url}).Check(); err == nil {
			t.Errorf("%q is taken for an address", url)
		}
	}
}

func TestAlertmanager(t *testing.T) {
	var requests int
	type told struct {
		Labels           map[string]string
		Annotations      map[string]string
		StartsAt, EndsAt time.Time
	}
	var all []told
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		var some []told
		if err := json.NewDecoder(r.Body).Decode(&some); err != nil || r.URL.Path != "/api/v2/alerts" || r.Method != http.MethodPost {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		all = append(all, some...)
	}))
	defer server.Close()
	now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	one := func(store inventory.Text, stage monitor.Stage, resolved time.Time, withheld string) monitor.Alert {
		return monitor.Alert{
			Finding: monitor.Finding{Kind: monitor.HotLoop, Severity: monitor.Critical, Server: "imap1", Store: store, Text: "a \"text\"", Command: "do 'it'"},
			Stage:   stage, Began: now.Add(-time.Hour), Resolved: resolved, Withheld: withheld,
		}
	}
	alerts := []monitor.Alert{
		one("pending", monitor.Pending, time.Time{}, ""), one("firing", monitor.Firing, time.Time{}, ""),
		one("over", monitor.Resolved, now.Add(-time.Minute), ""), one("old", monitor.Resolved, now.Add(-time.Hour), ""),
		one("silenced", monitor.Firing, time.Time{}, "silence 7"), one("follows", monitor.Firing, time.Time{}, "follows from alert 1"),
	}
	for range 2000 {
		alerts = append(alerts, one("many", monitor.Firing, time.Time{}, ""))
	}
	a := &alert.Alertmanager{URL: server.URL + "/"}
	if err := a.Push(context.Background(), alerts, "imap1", now); err != nil {
		t.Fatal(err)
	}
	ends := map[string]time.Time{}
	for _, one := range all {
		ends[one.Labels["alertname"]+" "+one.Labels["store"]] = one.EndsAt
	}
	want := map[string]time.Time{
		"Watchdog ": now.Add(5 * time.Minute), "hot_loop firing": now.Add(5 * time.Minute), "hot_loop over": now.Add(-time.Minute),
		"hot_loop follows": now.Add(5 * time.Minute), "hot_loop many": now.Add(5 * time.Minute),
	}
	for name, at := range want {
		if !ends[name].Equal(at) {
			t.Errorf("%s ends %s, want %s", name, ends[name], at)
		}
	}
	if len(ends) != len(want) || len(all) != 2004 || requests != 3 {
		t.Errorf("%d requests, %d alerts: %v", requests, len(all), ends)
	}
}
