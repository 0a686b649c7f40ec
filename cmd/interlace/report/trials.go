package report

// Trial is what became of a message that was sent as a test.
type Trial struct {
	Route string
	Err   error // nil: it was taken
}

// Trials is the table of test messages.
func Trials(trials []Trial) *Table {
	t := &Table{Columns: []Column{left("route", "route", 0), left("message", "outcome", 0), left("why", "trouble", 0)}}
	t.Rows = rowsOf(trials, func(t Trial) []Cell {
		if t.Err != nil {
			return []Cell{words(t.Route), words("not taken").in(Broken), words(t.Err.Error())}
		}
		return []Cell{words(t.Route), words("taken").in(Good), Nothing}
	})
	return t
}
