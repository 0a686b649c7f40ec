package files

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"testing"

	"github.com/interlacemail/interlace/inventory"
)

// same reports the parts in which two inventories differ.
func same(t testing.TB, got, want *inventory.Inventory) {
	t.Helper()
	differ(t, got, want)
}

func differ(t interface{ Errorf(string, ...any) }, got, want *inventory.Inventory) {
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", g.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
