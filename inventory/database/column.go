//go:build cgo

package database

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/interlacemail/interlace/inventory"
)

// jsonColumn keeps a list or map in a column. Nil is null.
type jsonColumn[T any] struct{ value *T }

func asJSON[T any](value *T) jsonColumn[T] { return jsonColumn[T]{value} }

// AsJSON is a list or map as a column, to write and to read.
func AsJSON[T any](value *T) any { return asJSON(value) }

// AsMicroseconds is a time as a column, to write and to read: microseconds since
// 1970 in UTC, null for the zero time.
func AsMicroseconds(at *time.Time) any { return (*microseconds)(at) }

// AsNumber is a number as a column, to write and to read: null if it is not known.
func AsNumber(n *inventory.Number) any { return numberColumn{n} }

// Value implements [driver.Valuer].
func (c jsonColumn[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(*c.value)
	return string(text), err
}

// Scan implements [database/sql.Scanner].
func (c jsonColumn[T]) Scan(v any) error {
	text, err := textOf(v)
	if err != nil {
		return err
	}
	var fresh T
	if err := json.Unmarshal([]byte(text), &fresh); err != nil {
		return err
	}
	*c.value = fresh
	return nil
}

// loadColumn keeps a load in a column as a JSON list, without its last zeros.
type loadColumn inventory.Load

// Value implements [driver.Valuer].
func (c *loadColumn) Value() (driver.Value, error) {
	n := len(c)
	for n > 0 && c[n-1] == 0 {
		n--
	}
	text := append(make([]byte, 0, 32), '[')
	for i, x := range c[:n] {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("%v is not a load", x)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendFloat(text, x, 'g', -1, 64)
	}
	return string(append(text, ']')), nil
}

// Scan implements [database/sql.Scanner].
func (c *loadColumn) Scan(v any) error {
	text, err := textOf(v)
	if err != nil {
		return err
	}
	list, found := strings.CutPrefix(text, "[")
	list, closed := strings.CutSuffix(list, "]")
	if !found || !closed {
		return fmt.Errorf("%q is not a load", text)
	}
	*c = loadColumn{}
	for i := 0; list != ""; i++ {
		var number string
		number, list, _ = strings.Cut(list, ",")
		x, err := strconv.ParseFloat(number, 64)
		if err != nil || i == len(c) {
			return fmt.Errorf("%q is not a load", text)
		}
		c[i] = x
	}
	return nil
}

func textOf(v any) (string, error) {
	text, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%T is not text", v)
	}
	return text, nil
}

// spreadColumn keeps the spread rules in a column, under names of its own.
type spreadColumn struct{ value *[]inventory.Spread }

type spreadJSON struct {
	Level inventory.Level `json:"level"`
	Min   int             `json:"min"`
}

// Value implements [driver.Valuer].
func (c spreadColumn) Value() (driver.Value, error) {
	var list []spreadJSON
	if *c.value != nil {
		list = []spreadJSON{}
	}
	for _, s := range *c.value {
		list = append(list, spreadJSON(s))
	}
	return asJSON(&list).Value()
}

// Scan implements [database/sql.Scanner].
func (c spreadColumn) Scan(v any) error {
	var list []spreadJSON
	if err := asJSON(&list).Scan(v); err != nil {
		return err
	}
	*c.value = nil
	if list != nil {
		*c.value = []inventory.Spread{}
	}
	for _, s := range list {
		*c.value = append(*c.value, inventory.Spread(s))
	}
	return nil
}

// sharingColumn keeps the sharing policy in a column, under names of its own.
type sharingColumn struct{ value *inventory.Sharing }

type sharingJSON struct {
	Anyone string             `json:"anyone"`
	Group  string             `json:"group"`
	Rights string             `json:"rights"`
	Ignore []inventory.UserID `json:"ignore"`
}

// Value implements [driver.Valuer].
func (c sharingColumn) Value() (driver.Value, error) {
	policy := sharingJSON(*c.value)
	return asJSON(&policy).Value()
}

// Scan implements [database/sql.Scanner].
func (c sharingColumn) Scan(v any) error {
	var policy sharingJSON
	err := asJSON(&policy).Scan(v)
	*c.value = inventory.Sharing(policy)
	return err
}

// microseconds keeps a time in a column as microseconds since 1970 in UTC, the
// zero time as null.
type microseconds time.Time

// Value implements [driver.Valuer].
func (c *microseconds) Value() (driver.Value, error) {
	if time.Time(*c).IsZero() {
		return nil, nil
	}
	return time.Time(*c).UnixMicro(), nil
}

// Scan implements [database/sql.Scanner].
func (c *microseconds) Scan(v any) error {
	switch n := v.(type) {
	case nil:
		*c = microseconds{}
	case int64:
		*c = microseconds(time.UnixMicro(n).UTC())
	default:
		return fmt.Errorf("%T is not a time", v)
	}
	return nil
}

// numberColumn keeps a number in a column, null if it is not known.
type numberColumn struct{ number *inventory.Number }

// Value implements [driver.Valuer].
func (c numberColumn) Value() (driver.Value, error) {
	if !c.number.Known {
		return nil, nil
	}
	return c.number.Value, nil
}

// Scan implements [database/sql.Scanner].
func (c numberColumn) Scan(v any) error {
	switch n := v.(type) {
	case nil:
		*c.number = inventory.Number{}
	case float64:
		*c.number = inventory.Known(n)
	case int64:
		*c.number = inventory.Known(float64(n))
	default:
		return fmt.Errorf("%T is not a number", v)
	}
	return nil
}
