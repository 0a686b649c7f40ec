package inventory

import "encoding/json"

// Number is a value that may be unknown or without meaning, such as the worst
// utilisation where no server survives. It encodes as a number or null.
type Number struct {
	Value float64
	Known bool
}

// Known returns a known number.
func Known(v float64) Number { return Number{Value: v, Known: true} }

// MarshalJSON encodes the number, or null if it is not known.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known {
		return []byte("null"), nil
	}
	return json.Marshal(n.Value)
}

// UnmarshalJSON decodes a number or null.
func (n *Number) UnmarshalJSON(data []byte) error {
	*n = Number{}
	if string(data) == "null" {
		return nil
	}
	n.Known = true
	return json.Unmarshal(data, &n.Value)
}

// Text is a name that may be absent. It encodes as a string, or as null when
// it is empty.
type Text string

// MarshalJSON encodes the text, or null if it is empty.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// UnmarshalJSON decodes a string or null.
func (t *Text) UnmarshalJSON(data []byte) error {
	*t = ""
	if string(data) == "null" {
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}
