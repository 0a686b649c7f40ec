package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/cmd/interlace/report"
	"github.com/interlacemail/interlace/inventory"
)

func loadsText(t *testing.T, of []report.LoadsOf, style report.Style) string {
	t.Helper()
	until := time.Date(2026, 11, 26, 10, 12, 0, 0, time.UTC)
	var b bytes.Buffer
	if err := report.MeasuredLoads(&report.Loads{Since: until.AddDate(0, 0, -14), Until: until, Resources: of}).Text(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func ioOf(store string, master, inventoried float64) report.StoreLoad {
	return report.StoreLoad{
		Store: inventory.StoreID(store), Master: known(master), Days: 9, BusyHour: known(9),
		Known: known(inventoried), Difference: known(master - inventoried),
	}
}

// A file system with less than a tenth left is red, with less than a fifth yellow.
func TestLoadsColours(t *testing.T) {
	room := func(fill float64) *report.Room {
		return &report.Room{Server: "imap1", Free: known(5e9), Fill: known(fill)}
	}
	for _, c := range []struct {
		fill float64
		want string
	}{{0.91, "\x1b[31m9.0 %, 4.66 GiB"}, {0.9, "\x1b[33m10.0 %"}, {0.81, "\x1b[33m19.0 %"}, {0.8, "   20.0 %"}} {
		stores := []report.StoreLoad{{Store: "s1", Room: room(c.fill), ReplicaRoom: &report.Room{Server: "imap2"}}}
		text := loadsText(t, []report.LoadsOf{{Resource: "disk", Unit: inventory.UnitBytes, Replica: known(1), Stores: stores}}, report.Style{Colour: true})
		if !strings.Contains(text, c.want) || !strings.Contains(text, "–\n") {
			t.Errorf("%v: no %q in\n%q", c.fill, c.want, text)
		}
	}
}

// The text has those that are off most, what is unknown as unknown, and no figure of
// arithmetic with next to nothing.
func TestLoadsTells(t *testing.T) {
	of := report.LoadsOf{Resource: "io", Unit: "ops/s", Replica: known(0.5), Measured: known(0.42), Over: 31}
	for i := range 25 {
		of.Stores = append(of.Stores, ioOf(fmt.Sprintf("s%02d", i), float64(100+i), 100))
	}
	of.Stores = append(of.Stores, ioOf("tiny", 1, 1e-300), ioOf("more", 1234, 100), ioOf("less", 10, 100), report.StoreLoad{Store: "alone", Replica: known(3), Known: known(100)})
	of.Stores[24].Estimated = true
	text := loadsText(t, []report.LoadsOf{of}, report.Style{})
	for _, want := range []string{
		"29 stores measured from 2026-11-12 10:12 to 2026-11-26 10:12\n\n", "\ntiny ", ">1000 ×", "\nmore ", " 12 ×",
		"resources.io.replica is 0.5; measured 0.42 over 31 stores",
		"\nless ", "-90 %", "–        –        ~100     +24 %       09:00      9\n", "… 9 more: -o csv lists all",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\nalone") {
		t.Errorf("got\n%s", text)
	}
	few := ioOf("s1", 5, 0)
	few.Days = 1
	text = loadsText(t, []report.LoadsOf{{Resource: "io", Unit: "ops/s", Replica: known(0.5), Stores: []report.StoreLoad{few}}}, report.Style{})
	for _, want := range []string{"seen on 1 day at most; a week tells more", "–        –           0     –       09:00      1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text = loadsText(t, nil, report.Style{}); !strings.Contains(text, "of no master has an hour of 10 samples been seen") {
		t.Errorf("got\n%s", text)
	}
}
