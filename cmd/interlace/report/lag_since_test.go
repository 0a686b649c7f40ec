package report_test

import (
	"bytes"
	"fmt"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// lagHistory is the week of so many stores, the first of which was behind on a day.
func lagHistory(stores int) *report.LagHistory {
	until := time.Date(2026, 11, 26, 10, 12, 0, 0, time.UTC)
	h := &report.LagHistory{Since: until.Add(-7 * 24 * time.Hour), Until: until, Step: 7 * 24 * 3600 / 60.0}
	for i := range stores {
		p := report.LagPast{
			Store: inventory.StoreID(fmt.Sprintf("s%d", i+1)), Server: "imap1", Channel: monitor.DefaultChannel, Verdict: monitor.OK, Level: monitor.LevelOK,
			Looks: 5000, NotOK: known(0), Oldest: monitor.Quantiles{P50: known(1), P95: known(2), P99: known(3), Max: known(4)},
			Bytes: monitor.Quantiles{P50: known(100), P95: known(200), P99: known(300), Max: known(400)}, Most: slices.Repeat([]inventory.Number{known(4)}, 60),
		}
		h.Stores = append(h.Stores, p)
	}
	if stores > 0 {
		p := &h.Stores[0]
		p.NotOK, p.Oldest.Max = known(0.0001), known(7200)
		for i := range 8 {
			p.Most[30+i] = known(7200)
		}
		p.Most[0] = inventory.Number{}
	}
	return h
}

func lagModel() *report.LagModel {
	return &report.LagModel{
		Batches: 400, Batch: 0.02, Mailbox: 0.00441, Byte: 1e-7, Trip: 0.0005, Users: known(200),
		Now: report.LagOutlook{Mean: known(1.5), Worst: known(2.5), ByteMargin: 0.8, MailboxMargin: -0.2},
		WhatIf: []report.LagWhatIf{
			{Part: -0.1, LagOutlook: report.LagOutlook{Mean: known(1), Worst: known(2)}},
			{Part: 2, Users: known(400), LagOutlook: report.LagOutlook{ByteMargin: -0.1}},
		},
	}
}

func TestLagSinceTells(t *testing.T) {
	h := lagHistory(30)
	h.Stores[0].Model = lagModel()
	h.Stores[0].Forecasts = report.LagForecasts{Number: 128, Median: known(0.12), Within: known(0.83)}
	h.Stores[1].Channel, h.Stores[1].Blind = "dr\x1b", 7
	h.Stores[2].Model = lagModel()
	var b bytes.Buffer
	if err := report.LagSince(h, 300).Text(&b, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"30 channels from 2026-11-19 10:12 to 2026-11-26 10:12: 150,000 looks · 7 more could not look",
		"<0.1 %", "… 10 more: -o csv lists all",
		"·" + strings.Repeat("▂", 29) + strings.Repeat("█", 8) + strings.Repeat("▂", 22) + "   2 h",
		"20 ms for a batch, 4.41 ms more for each mailbox in it, and sends 10.0 MB a second; a round trip takes 0.5 ms (learnt from 400 batches)",
		"1.5 s on average, 2.5 s at worst",
		"80.0 % of its time from sending bytes", "-20.0 % if no mailbox were touched twice",
		"10.0 % fewer users   a change waits 1 s on average, 2 s at worst",
		"400 more users       a change waits ever longer: more bytes come than its sync_client can send",
		"128 predictions of when a backlog would be gone: half of them off by 12.0 % at most, 83.0 % within their spread",
		"none could be checked yet",
		`no batch has been seen of s2 dr\x1b, so nothing is predicted there`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// The picture has a bar for each step in which somebody looked, as high as the
// oldest entry was old, and says where nobody did.
func TestLagPlot(t *testing.T) {
	picture := func(h *report.LagHistory, format string) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := report.PlotLag(&b, h, 60, 300, format); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const blue, grey = "#0072B2", "#D9D9D9"
	h := lagHistory(9)
	h.Stores = append(h.Stores[:1], h.Stores[3:]...)
	h.Stores[0].Channel = "<dr>"
	d := parsed(t, picture(h, "svg"))
	for _, want := range []string{"s1 <dr> on imap1", "s4 on imap1", "Nov 20", "behind", "alert", "nobody looked", "The worst; 1 more is not drawn."} {
		if !slices.Contains(d.texts, want) {
			t.Errorf("no %q among %q", want, d.texts)
		}
	}
	if slices.Contains(d.texts, "s9 on imap1") {
		t.Error("more channels are drawn than have room")
	}
	if n := len(d.boxes[blue]); n < 59+5*60 || len(d.boxes[grey]) < 1 {
		t.Errorf("%d bars, %d times without", n, len(d.boxes[grey]))
	}
	if _, err := png.Decode(bytes.NewReader(picture(h, "png"))); err != nil {
		t.Error(err)
	}
	if d := parsed(t, picture(lagHistory(0), "svg")); !slices.Contains(d.texts, "Nothing is drawn: nobody looked at any channel.") {
		t.Errorf("nothing is said of an empty picture: %q", d.texts)
	}
}
