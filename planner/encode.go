package planner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Encode returns the JSON text of a plan, indented, as it stands in a plan file.
// Lists and objects in which nothing is are [] and {}, never null: whoever reads
// them need not ask.
func Encode(v any) ([]byte, error) {
	all := reflect.New(reflect.TypeOf(v)).Elem()
	all.Set(reflect.ValueOf(v))
	fill(all)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all.Interface()); err != nil {
		return nil, fmt.Errorf("encode plan: %w", err)
	}
	return b.Bytes(), nil
}

// fill makes lists and maps that are nil empty, all the way down.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				fill(f)
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if !fillable(v.Type().Elem()) {
			return
		}
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		if !fillable(v.Type().Elem()) {
			return
		}
		for _, key := range v.MapKeys() {
			member := reflect.New(v.Type().Elem()).Elem()
			member.Set(v.MapIndex(key))
			fill(member)
			v.SetMapIndex(key, member)
		}
	}
}

// fillable reports whether a list or a map may be in a value of the type.
func fillable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	case reflect.Pointer:
		return fillable(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if fillable(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
