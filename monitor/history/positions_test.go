package history

import (
	"context"
	"reflect"
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor"
)

// TestTold keeps positions of two logs, and replaces those of one.
func TestTold(t *testing.T) {
	ctx := context.Background()
	h := mustOpen(t)
	old := monitor.Position{Log: "/var/log/mail.log", Inode: 1<<63 + 1, Offset: 1 << 40, Head: []byte("Nov\x00"), Tail: []byte("\xff\n"), Within: true, Seen: at(1)}
	other := monitor.Position{Log: "journal", Head: []byte{}, Tail: []byte{}, Cursor: "s=1;i=2", Seen: at(1)}
	finding := monitor.Finding{
		Probe: monitor.ProbeLogs, Kind: monitor.BailingOut, Severity: monitor.Critical,
		Store: "s1", Text: "it bails out", Value: inventory.Known(3),
	}
	must(t, h.SaveTold(ctx, at(1), &monitor.Told{
		Findings: []monitor.Finding{finding}, Positions: []monitor.Position{old, other},
		Milestones: []monitor.Milestone{{Server: "imap1", Store: "s1", What: "expire", At: at(1)}},
	}))
	fresh := monitor.Position{Log: old.Log, Inode: 7, Head: []byte{}, Tail: []byte{}, Seen: at(2)}
	must(t, h.SaveTold(ctx, at(2), &monitor.Told{
		Findings: []monitor.Finding{finding}, Positions: []monitor.Position{old, fresh},
		Milestones: []monitor.Milestone{{Server: "imap1", Store: "s1", What: "expire", At: at(0)}},
	}))

	positions, err := h.Positions(ctx)
	must(t, err)
	if want := []monitor.Position{old, fresh, other}; !reflect.DeepEqual(positions, want) {
		t.Errorf("positions:\ngot  %+v\nwant %+v", positions, want)
	}
	milestones, err := h.Milestones(ctx)
	must(t, err)
	if want := []monitor.Milestone{{Server: "imap1", Store: "s1", What: "expire", At: at(1)}}; !reflect.DeepEqual(milestones, want) {
		t.Errorf("milestones: got %+v, want the latest, %+v", milestones, want)
	}
	notes, err := h.Notes(ctx, 10)
	must(t, err)
	if want := []monitor.Note{{Number: 1, At: at(1), Finding: finding}, {Number: 2, At: at(2), Finding: finding}}; !reflect.DeepEqual(notes, want) {
		t.Errorf("notes:\ngot  %+v\nwant %+v", notes, want)
	}
	must(t, h.ForgetNotes(ctx, 2))
	must(t, h.SaveTold(ctx, at(3), &monitor.Told{Findings: []monitor.Finding{finding}}))
	notes, err = h.Notes(ctx, 10)
	must(t, err)
	if len(notes) != 1 || notes[0].Number != 3 {
		t.Errorf("got notes %+v, want number 3 alone", notes)
	}
}
