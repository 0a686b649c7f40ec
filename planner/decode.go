package planner

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Decode reads the JSON text of a plan and checks all that a plan says of
// itself, so that nobody who reads one has to ask whether its figures and names
// can be. The error is [*Mistakes]; whether the id belongs to the text is left
// to [ContentID].
func Decode(text []byte, p Plan) error {
	m := &Mistakes{}
	checkForm(text, reflect.TypeOf(p), m)
	if err := json.Unmarshal(text, p); err != nil && m.Count == 0 {
		m.Add("the plan", "%v", err)
	}
	p.check(m)
	if m.Count > 0 {
		return m
	}
	return nil
}

// checkForm goes through a text, which is valid JSON, beside the type that it
// is to fill. The package encoding/json alone would take the last of two equal
// keys, keys in other letters, and null for anything.
func checkForm(text []byte, t reflect.Type, m *Mistakes) {
	w := walk{in: json.NewDecoder(bytes.NewReader(text)), mistakes: m, fields: map[reflect.Type]map[string]field{}}
	w.in.UseNumber()
	w.value(t)
}

// walk is a way through a JSON text.
type walk struct {
	in       *json.Decoder
	mistakes *Mistakes
	path     []step
	fields   map[reflect.Type]map[string]field // of struct types, by key
}

// field is a field of a struct.
type field struct {
	of  reflect.Type
	bit uint64 // by which it is told from the other fields
}

// step leads to a member of an object or, without a key, to an item of a list.
type step struct {
	key  string
	item int
}

// place returns where the walk is, such as changes[3].bytes.
func (w *walk) place() string {
	var b strings.Builder
	for _, s := range w.path {
		switch {
		case s.key == "":
			b.WriteString("[" + strconv.Itoa(s.item) + "]")
		case b.Len() > 0:
			b.WriteString("." + inventory.Printable(s.key))
		default:
			b.WriteString(inventory.Printable(s.key))
		}
	}
	if b.Len() == 0 {
		return "the plan"
	}
	return b.String()
}

func (w *walk) mistake(format string, args ...any) { w.mistakes.Add(w.place(), format, args...) }

var (
	numberType = reflect.TypeFor[Number]()
	textType   = reflect.TypeFor[Text]()
)

// value goes through the next value, which is to be of the type; nil is any.
func (w *walk) value(t reflect.Type) {
	nullable := t == nil || t == numberType || t == textType || t.Kind() == reflect.Pointer
	switch {
	case t == numberType:
		t = reflect.TypeFor[float64]()
	case t != nil && t.Kind() == reflect.Pointer:
		t = t.Elem()
	}
	token, err := w.in.Token()
	if err != nil {
		return // the text was found valid before
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			w.object(t)
		} else {
			w.list(t)
		}
	case nil:
		if !nullable {
			w.mistake("null where %s is expected", expected(t))
		}
	case bool:
		w.is(t, reflect.Bool)
	case string:
		if w.is(t, reflect.String) {
			w.name(token, t)
		}
	case json.Number:
		w.number(string(token), t)
	}
}

// is reports whether a value of one of the kinds is expected, and adds a
// mistake if not. Where anything may be it is false.
func (w *walk) is(t reflect.Type, kinds ...reflect.Kind) bool {
	if t == nil {
		return false
	}
	for _, k := range kinds {
		if t.Kind() == k {
			return true
		}
	}
	w.mistake("%s is expected here", expected(t))
	return false
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// object goes through the members of an object.
func (w *walk) object(t reflect.Type) {
	if !w.is(t, reflect.Struct, reflect.Map) {
		t = nil
	}
	if t != nil && t.Kind() == reflect.Struct {
		w.members(w.known(t))
		return
	}
	var member reflect.Type
	if t != nil {
		member = t.Elem()
	}
	seen := map[string]bool{}
	w.members(func(key string) (of reflect.Type, known, again bool) {
		again = seen[key]
		seen[key] = true
		return member, true, again
	})
}

// members goes through the members of an object. Look tells of a key what type
// its value has, whether it is known, and whether it was there before.
func (w *walk) members(look func(key string) (of reflect.Type, known, again bool)) {
	for w.in.More() {
		token, err := w.in.Token()
		if err != nil {
			return // the text was found valid before
		}
		key, _ := token.(string)
		of, known, again := look(key)
		w.path = append(w.path, step{key: key})
		switch {
		case key == "":
			w.mistake("a key is empty")
		case again:
			w.mistake("the key is there twice")
		case !known:
			w.mistake("the key is not known")
		}
		w.value(of)
		w.path = w.path[:len(w.path)-1]
	}
	_, _ = w.in.Token() // the end of the object
}

// known looks up the keys of one object that is to fill a struct.
func (w *walk) known(t reflect.Type) func(key string) (of reflect.Type, known, again bool) {
	fields, seen := w.fieldsOf(t), uint64(0)
	return func(key string) (reflect.Type, bool, bool) {
		f, known := fields[key]
		again := seen&f.bit != 0
		seen |= f.bit
		return f.of, known, again
	}
}

// fieldsOf returns the fields of a struct by their keys.
func (w *walk) fieldsOf(t reflect.Type) map[string]field {
	if known := w.fields[t]; known != nil {
		return known
	}
	fields := map[string]field{}
	for i := range t.NumField() {
		if key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); key != "-" {
			fields[key] = field{t.Field(i).Type, 1 << i}
		}
	}
	w.fields[t] = fields
	return fields
}

// list goes through the items of a list.
func (w *walk) list(t reflect.Type) {
	var item reflect.Type
	if w.is(t, reflect.Slice) {
		item = t.Elem()
	}
	for i := 0; w.in.More(); i++ {
		w.path = append(w.path, step{item: i})
		w.value(item)
		w.path = w.path[:len(w.path)-1]
	}
	_, _ = w.in.Token() // the end of the list
}

// number adds a mistake if the number is not one of the type, or below 0, which
// nothing in a plan is.
func (w *walk) number(text string, t reflect.Type) {
	if !w.is(t, reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64) {
		return
	}
	var err error
	switch t.Kind() {
	case reflect.Float64:
		_, err = strconv.ParseFloat(text, 64)
	case reflect.Uint64:
		_, err = strconv.ParseUint(strings.TrimPrefix(text, "-"), 10, 64)
	default:
		_, err = strconv.ParseInt(text, 10, 64)
	}
	switch {
	case strings.HasPrefix(text, "-"):
		w.mistake("%s is negative", inventory.Printable(text))
	case err != nil && t.Kind() != reflect.Float64 && strings.ContainsAny(text, ".eE"):
		w.mistake("%s is not a whole number", inventory.Printable(text))
	case err != nil:
		w.mistake("%s is too large", inventory.Printable(text))
	}
}

// ruled are the types of names that follow the rules of names.
var ruled = map[reflect.Type]bool{
	reflect.TypeFor[inventory.ServerID](): true, reflect.TypeFor[inventory.StoreID](): true, reflect.TypeFor[inventory.ResourceID](): true,
}

// name adds a mistake if a text is not one that a plan holds: empty, or a name
// that nothing can bear.
func (w *walk) name(text string, t reflect.Type) {
	switch {
	case text == "":
		w.mistake("it is empty")
	case ruled[t] && !inventory.ValidName(text), !inventory.ValidUserName(text):
		w.mistake("%s can be no name", inventory.Quoted(text))
	}
}
