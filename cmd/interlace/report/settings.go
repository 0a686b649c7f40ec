package report

// Setting is a key of the configuration and where its value comes from.
type Setting struct {
	Key    string
	Value  string // as YAML; empty: not set
	Origin string // default, a file with its line, an environment variable, a flag
}

// Settings is the table of the configuration.
func Settings(settings []Setting) *Table {
	t := &Table{Columns: []Column{left("key", "key", 0), left("value", "value", 0), left("from", "origin", 0).late(1)}}
	t.Rows = rowsOf(settings, func(s Setting) []Cell {
		value := Unknown
		if s.Value != "" {
			value = words(s.Value)
		}
		return []Cell{words(s.Key), value, words(s.Origin)}
	})
	return t
}

// Labelled is the table of facts, for CSV.
func Labelled(facts Facts) *Table {
	t := &Table{Columns: []Column{left("", "name", 0), left("", "value", 0)}}
	t.Rows = rowsOf(facts, func(f Fact) []Cell {
		return []Cell{words(f.Label), words(f.Words)}
	})
	return t
}
