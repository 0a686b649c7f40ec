package alert

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Alertmanager is told all alerts again and again, and does the rest: grouping,
// silences, mail. What apply or an operator silences here it is not told anew.
type Alertmanager struct {
	URL string // such as http://alertmanager:9093
}

const (
	pushInterval = time.Minute
	// An alert ends at the Alertmanager when it was not told for so long.
	pushedFor = 5 * time.Minute
	// resolvedFor is how long it is told that an alert is over, in case it was
	// not reached at once.
	resolvedFor = 15 * time.Minute
	pushedMost  = 1000 // alerts in one request
)

// Check says what is wrong with the address.
func (a *Alertmanager) Check() error { return checkURL(a.URL) }

// pushedAlert is an alert in version 2 of the API
// (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
type pushedAlert struct {
	Labels      labels    `json:"labels"`
	Annotations labels    `json:"annotations"`
	StartsAt    time.Time `json:"startsAt"`
	EndsAt      time.Time `json:"endsAt"`
}

// Push tells what fires, and what is over since a short time. One more alert
// always fires, by whose absence the Alertmanager notices that nobody watches.
func (a *Alertmanager) Push(ctx context.Context, alerts []monitor.Alert, host string, now time.Time) error {
	list := []pushedAlert{{Labels: watchdogLabels(host), Annotations: labels{}, StartsAt: now.Add(-time.Second), EndsAt: now.Add(pushedFor)}}
	for i := range alerts {
		one := &alerts[i]
		ends := now.Add(pushedFor)
		switch {
		case one.Stage == monitor.Pending:
			continue
		case one.Stage == monitor.Resolved && now.Sub(one.Resolved) >= resolvedFor:
			continue
		case one.Stage == monitor.Resolved:
			ends = one.Resolved
		case strings.HasPrefix(one.Withheld, "silence "):
			continue
		}
		list = append(list, pushedAlert{Labels: labelsOf(&one.Finding), Annotations: annotationsOf(one), StartsAt: one.Began, EndsAt: ends})
	}
	for some := range slices.Chunk(list, pushedMost) {
		if err := post(ctx, strings.TrimSuffix(a.URL, "/")+"/api/v2/alerts", encoded(some), http.Header{}); err != nil {
			return err
		}
	}
	return nil
}
