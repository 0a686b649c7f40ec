package history

import (
	"context"
	"database/sql"
	_ "embed" // the queries
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/interlacemail/interlace/inventory/database"
	"github.com/interlacemail/interlace/monitor"
)

var (
	//go:embed query/load_alert_state.sql
	loadAlertState string
	//go:embed query/load_alert_steps.sql
	loadAlertSteps string
	//go:embed query/update_alert_state.sql
	updateAlertState string
	//go:embed query/load_alerts_current.sql
	loadAlertsCurrent string
	//go:embed query/load_alerts.sql
	loadAlerts string
	//go:embed query/insert_alert.sql
	insertAlert string
	//go:embed query/end_alert.sql
	endAlert string
	//go:embed query/delete_alert.sql
	deleteAlert string
	//go:embed query/acknowledge_alert.sql
	acknowledgeAlert string
	//go:embed query/find_acknowledgement.sql
	findAcknowledgement string
	//go:embed query/load_alert_groups.sql
	loadAlertGroups string
	//go:embed query/insert_alert_group.sql
	insertAlertGroup string
	//go:embed query/delete_alert_group.sql
	deleteAlertGroup string
)

// StepAlerts calls step with what is known of alerts at a time, and keeps what it
// returns together with the messages, all or nothing. No other process changes
// alerts meanwhile.
func (h *History) StepAlerts(ctx context.Context, now time.Time, step func(monitor.AlertState) (monitor.AlertState, []monitor.Message)) error {
	var steps int64
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		before, count, err := loadState(ctx, tx, now)
		if err != nil {
			return err
		}
		after, messages := step(before)
		if reflect.DeepEqual(before, after) && len(messages) == 0 {
			steps = count
			return nil
		}
		steps = count + 1
		return saveState(ctx, tx, steps, before, after, messages)
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		var found int64
		err := tx.QueryRowContext(ctx, loadAlertSteps).Scan(&found)
		return found == steps, err
	})
	if err != nil {
		return fmt.Errorf("keep the alerts: %w", err)
	}
	return nil
}

func loadState(ctx context.Context, tx *sql.Tx, now time.Time) (s monitor.AlertState, steps int64, err error) {
	if err := tx.QueryRowContext(ctx, loadAlertState).Scan(&steps, &s.Last, database.AsMicroseconds(&s.Budget), database.AsMicroseconds(&s.Beat)); err != nil {
		return s, 0, err
	}
	if s.Alerts, err = rowsOf(ctx, tx, loadAlertsCurrent, nil, scanAlert); err != nil {
		return s, 0, err
	}
	if s.Groups, err = rowsOf(ctx, tx, loadAlertGroups, nil, scanGroup); err != nil {
		return s, 0, err
	}
	s.Silences, err = rowsOf(ctx, tx, loadSilences, []any{now.UnixMicro()}, scanSilence)
	return s, steps, err
}

func saveState(ctx context.Context, tx *sql.Tx, steps int64, before, after monitor.AlertState, messages []monitor.Message) error {
	return errors.Join(
		exec(ctx, tx, updateAlertState, steps, after.Last, database.AsMicroseconds(&after.Budget), database.AsMicroseconds(&after.Beat)),
		saveAlerts(ctx, tx, before.Alerts, after.Alerts),
		saveGroups(ctx, tx, before.Groups, after.Groups),
		insertMessages(ctx, tx, messages),
	)
}

// saveAlerts writes the alerts that are new or not as they were. One that is not
// there any more has ended, or was never more than pending.
func saveAlerts(ctx context.Context, tx *sql.Tx, before, after []monitor.Alert) error {
	was := map[int64]*monitor.Alert{}
	for i := range before {
		was[before[i].Number] = &before[i]
	}
	for i := range after {
		a := &after[i]
		if old := was[a.Number]; old == nil || !reflect.DeepEqual(old, a) {
			if err := exec(ctx, tx, insertAlert, alertColumns(a, &acknowledgement{a.Acknowledged})...); err != nil {
				return err
			}
		}
		delete(was, a.Number)
	}
	for number, old := range was {
		gone := endAlert
		if old.Stage == monitor.Pending {
			gone = deleteAlert
		}
		if err := exec(ctx, tx, gone, number); err != nil {
			return err
		}
	}
	return nil
}

func saveGroups(ctx context.Context, tx *sql.Tx, before, after []monitor.AlertGroup) error {
	was := map[string]monitor.AlertGroup{}
	for _, g := range before {
		was[g.Key] = g
	}
	for _, g := range after {
		if old, ok := was[g.Key]; !ok || old != g {
			if err := exec(ctx, tx, insertAlertGroup, groupColumns(&g)...); err != nil {
				return err
			}
		}
		delete(was, g.Key)
	}
	for key := range was {
		if err := exec(ctx, tx, deleteAlertGroup, key); err != nil {
			return err
		}
	}
	return nil
}

// alertColumns are the columns of an alert, to write and to read.
func alertColumns(a *monitor.Alert, taken *acknowledgement) []any {
	return append([]any{
		&a.Number, &a.Key, database.AsJSON(&a.Finding), &a.Watcher, &a.Stage, database.AsMicroseconds(&a.Began), database.AsMicroseconds(&a.Seen),
		&a.Missed, database.AsMicroseconds(&a.Gone), database.AsMicroseconds(&a.Fired), database.AsMicroseconds(&a.Resolved), database.AsNumber(&a.Peak), &a.Flaps, &a.Told,
		&a.Closed, &a.Withheld,
	}, taken.columns()...)
}

func groupColumns(g *monitor.AlertGroup) []any {
	return []any{&g.Key, database.AsMicroseconds(&g.Waits), database.AsMicroseconds(&g.Told), &g.Worst, &g.Messages, &g.Root}
}

func scanGroup(rows *sql.Rows) (g monitor.AlertGroup, err error) {
	return g, rows.Scan(groupColumns(&g)...)
}

func scanAlert(rows *sql.Rows) (a monitor.Alert, err error) {
	taken := acknowledgement{&monitor.Acknowledgement{}}
	err = rows.Scan(alertColumns(&a, &taken)...)
	if taken.By != "" {
		a.Acknowledged = taken.Acknowledgement
	}
	return a, err
}

// acknowledgement is an acknowledgement as columns; nobody's has an empty name.
type acknowledgement struct{ *monitor.Acknowledgement }

func (a *acknowledgement) columns() []any {
	if a.Acknowledgement == nil {
		a.Acknowledgement = &monitor.Acknowledgement{}
	}
	return []any{&a.By, &a.Comment, database.AsMicroseconds(&a.At)}
}

// Alerts returns the alerts that have not ended, and those that ended since a
// time, in the order in which they began.
func (h *History) Alerts(ctx context.Context, since time.Time) ([]monitor.Alert, error) {
	return load(ctx, h.facts, "alerts", loadAlerts, []any{since.UnixMicro()}, scanAlert)
}

// AlertGroups returns the alerts that are told together, by key.
func (h *History) AlertGroups(ctx context.Context) ([]monitor.AlertGroup, error) {
	return load(ctx, h.facts, "the groups of alerts", loadAlertGroups, nil, scanGroup)
}

// ErrNoAlert means that there is no alert of that number which has not ended.
var ErrNoAlert = errors.New("there is no such alert, or it is over")

// Acknowledge notes who takes care of an alert.
func (h *History) Acknowledge(ctx context.Context, number int64, a monitor.Acknowledgement) error {
	err := h.facts.Write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, acknowledgeAlert, number, a.By, a.Comment, database.AsMicroseconds(&a.At))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoAlert)
		}
		return nil
	}, func(ctx context.Context, tx *sql.Tx) (bool, error) {
		return counted(ctx, tx, findAcknowledgement, number, a.By, database.AsMicroseconds(&a.At))
	})
	if err != nil {
		return fmt.Errorf("acknowledge alert %d: %w", number, err)
	}
	return nil
}

func exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// counted reports whether a query counts one row.
func counted(ctx context.Context, tx *sql.Tx, query string, args ...any) (bool, error) {
	var found int
	err := tx.QueryRowContext(ctx, query, args...).Scan(&found)
	return found == 1, err
}
