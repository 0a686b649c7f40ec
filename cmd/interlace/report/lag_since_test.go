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
	h := &report.LagHistory{Since: until.Add(-7 * 24 * time.Hour), Until: until, Begins: until.Add(-7 * 24 * time.Hour), Step: 7 * 24 * 3600 / 60.0}
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
			{Part: known(-0.1), LagOutlook: report.LagOutlook{Mean: known(1), Worst: known(2)}},
			{Part: known(2), Users: known(400), LagOutlook: report.LagOutlook{ByteMargin: -0.1}},
		},
	}
}

func TestLagSinceTells(t *testing.T) {
	h := lagHistory(30)
	h.Stores[0].Model = lagModel()
	h.Stores[0].Forecasts = report.LagForecasts{Number: 128, Median: known(0.12), Within: known(0.83)}
	h.Stores[1].Channel, h.Stores[1].Blind = "dr\x1b", 7
	h.Stores[2].Model, h.Stores[2].Verdict = lagModel(), monitor.Stalled
	h.Stores[2].Model.Assumed = []string{"batch", "byte"}
	var b bytes.Buffer
	if err := report.LagSince(h, 300).Text(&b, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"30 channels from 2026-11-19 10:12 to 2026-11-26 10:12: 150,000 looks · 7 more could not look",
		"<0.1 %", "… 10 more: -o csv lists all",
		"·" + strings.Repeat("▂", 29) + strings.Repeat("█", 8) + strings.Repeat("▂", 22) + "   2 h",
		"20 ms for a batch, 4.41 ms more for each mailbox in it, and sends 10.0 MB a second; a round trip takes 0.5 ms (learnt from 400 batches)\n",
		"1.5 s on average, 2.5 s at worst\n", "1.5 s on average, 2.5 s at worst while copying works, which it does not now\n",
		"learnt from 400 batches; these tell little of the time for a batch, the bytes a second: assumed as it mostly is elsewhere)",
		"one by one its sync_client would need 120 % of the time; so batches are long; with 5 times as many changes as now the replica would fall behind for good\n",
		"5 times as many changes as now the replica would fall behind for good (by the assumed bytes a second)",
		"10.0 % fewer users   a change waits 1 s on average, 2 s at worst\n",
		"400 more users       a change waits ever longer: more bytes come than its sync_client can send",
		"the backlog was gone when they said, within the ± beside it, 8 of 10 times (128 were checked). Half of them were off by 12.0 % or less\n",
		"none could be checked yet",
		`no batch has been seen of s2 dr\x1b, so nothing is predicted there`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// What a sync_client can bear is said so that a person understands it, and why
// other numbers of users change next to nothing.
func TestLagRoom(t *testing.T) {
	outlook := func(cycle, busy, bytes, mailboxes float64) report.LagOutlook {
		o := report.LagOutlook{ByteMargin: 1 - bytes, MailboxMargin: 1 - mailboxes}
		if bytes < 1 {
			o.Cycle, o.Mean, o.Worst = known(cycle), known((cycle+busy)/2), known(cycle+busy)
		}
		return o
	}
	more := func(part float64, o report.LagOutlook) report.LagWhatIf {
		return report.LagWhatIf{Part: known(part), Users: known(200), LagOutlook: o}
	}
	for _, c := range []struct {
		name  string
		now   report.LagOutlook
		what  report.LagWhatIf
		wants []string
	}{
		{
			"busy", outlook(1, 0.5, 0.02, 0.5), more(1, outlook(1.5, 1.5, 0.04, 1)),
			[]string{"2 times as many changes as now while it copies each by itself; with more, batches get long; with 50 times as many changes as now the replica", "a change waits 1.5 s on average, 3 s at worst\n"},
		},
		{
			"idle", outlook(1, 0.004, 1e-6, 1e-4), more(11, outlook(1, 0.02, 1e-5, 1e-3)),
			[]string{"bears            over 1,000 times as many changes as now\n", "1.0 s at worst: as now, since it mostly waits for the next batch; there is one every 1 s, and it takes 2.0 % of that time\n"},
		},
		{
			"too little seen", outlook(1, 0.004, 0, 0), more(11, outlook(1, 0.004, 0, 0)),
			[]string{"nobody knows: its batches name one mailbox each", "at worst: nobody knows how much more would come\n"},
		},
		{"too many bytes", outlook(0, 0, 1.5, 2), more(1, outlook(0, 0, 3, 4)), []string{"less than it has to: more bytes come than its sync_client can send", "a change waits ever longer"}},
		{"without users", outlook(1, 0.5, 0.02, 0.5), report.LagWhatIf{Users: known(200)}, []string{"200 more users   nobody knows what changes: the inventory has no users of this store\n"}},
		{"without those that are left", outlook(1, 0.5, 0.02, 0.5), report.LagWhatIf{Part: known(-3), Users: known(-200)}, []string{"200 fewer users   none are left\n"}},
	} {
		h := lagHistory(1)
		h.Stores[0].Model = lagModel()
		h.Stores[0].Model.Now, h.Stores[0].Model.WhatIf = c.now, []report.LagWhatIf{c.what}
		var b bytes.Buffer
		if err := report.LagSince(h, 300).Text(&b, report.Style{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, b.String())
			}
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
