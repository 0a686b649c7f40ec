package inventory

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "400GB": 400e9, "12TiB": 12 << 40, "1kB": 1000, "1KiB": 1024,
		"1.5MB": 1_500_000, "0.5KiB": 512, "0.000001TB": 1_000_000, "7B": 7, "1024PiB": MaxValue,
		"1000PB": 1e18, "9007199254740992": 1 << 53, "18014398509481984": 1 << 54,
	} {
		if got, err := ParseSize(text); got != want || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                            `"" is not a size`,
		"12TB8":                       `"12TB8" is not a size`,
		"12tb":                        "write 12TB",
		"1KB":                         "write 1kB",
		"12 TB":                       "write 12TB",
		"12G":                         "is not a size",
		"-1":                          "is not a size",
		"+1":                          "is not a size",
		"010":                         "is not a size",
		"010GB":                       "is not a size",
		"1_000":                       "is not a size",
		"0x10":                        "is not a size",
		"1e9":                         "is not a size",
		"NaN":                         "is not a size",
		"Inf":                         "is not a size",
		".5GB":                        "is not a size",
		"5.GB":                        "is not a size",
		"1.2.3GB":                     "is not a size",
		"1.5":                         "is not a whole number of bytes",
		"1.5B":                        "is not a whole number of bytes",
		"0.0001KiB":                   "is not a whole number of bytes",
		"9223372036854775807":         "is more than 1024PiB",
		"9223372036854775808":         "is more than 1024PiB",
		"1152921504606846977":         "is more than 1024PiB",
		"99999999999999999999":        "is more than 1024PiB",
		"2000000PB":                   "is more than 1024PiB",
		"9007199254740993":            "is too fine",
		"1" + strings.Repeat("0", 90): "is more than 1024PiB",
		"\x1b[31m":                    `"\x1b[31m" is not a size`,
	} {
		_, err := ParseSize(text)
		checkValueError(t, text, err, want)
	}
}

func checkValueError(t *testing.T, text string, err error, want string) {
	t.Helper()
	var e *ValueError
	if !errors.As(err, &e) {
		t.Errorf("%q: got %v, want a ValueError with %q", text, err, want)
		return
	}
	if !strings.Contains(e.Text+" "+e.Hint, want) {
		t.Errorf("%q: got %q, hint %q, want %q", text, e.Text, e.Hint, want)
	}
	if strings.ContainsAny(e.Text+e.Hint, "\x1b\x00\n") {
		t.Errorf("%q: control characters in %q, %q", text, e.Text, e.Hint)
	}
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "0.85": 0.85, "9000": 9000, "1.0": 1, "0.1": 0.1, "1152921504606846976": MaxValue,
	} {
		if got, err := ParseNumber(text); got != want || err != nil {
			t.Errorf("ParseNumber(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "is not a number", "-1": "is negative", "-x": "is not a number", "010": "write 10", ".5": "write 0.5",
		"5.": "write 5.0", "1e3": "is not a number", "1_000": "is not a number", "0x1p3": "is not a number",
		"nan": "is not a number", "Infinity": "is not a number", "+1": "is not a number", "1,5": "is not a number",
		"5GB": "is not a number", "1" + strings.Repeat("0", 400): "is more than",
	} {
		_, err := ParseNumber(text)
		checkValueError(t, text, err, want)
	}
}

func TestParseCount(t *testing.T) {
	if got, err := ParseCount("40"); got != 40 || err != nil {
		t.Errorf("ParseCount(40) = %d, %v", got, err)
	}
	for text, want := range map[string]string{
		"2.0": "is not a whole number", "-1": "is not a whole number", "040": "write 40", "": "is not a whole number",
		"2147483648": "is more than", "99999999999999999999": "is more than",
	} {
		_, err := ParseCount(text)
		checkValueError(t, text, err, want)
	}
}

func TestParseBandwidth(t *testing.T) {
	if got, err := ParseBandwidth("125MB/s"); got != 125e6 || err != nil {
		t.Errorf("ParseBandwidth(125MB/s) = %d, %v", got, err)
	}
	for text, want := range map[string]string{
		"125MB": "is not a bandwidth", "1Gbit/s": "is not a bandwidth", "0/s": "is not above 0", "/s": "is not a bandwidth",
	} {
		_, err := ParseBandwidth(text)
		checkValueError(t, text, err, want)
	}
}

func TestFormatSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 1: "1", 999: "999", 1000: "1kB", 1024: "1KiB", 400e9: "400GB", 12 << 40: "12TiB", 1234567: "1234567", MaxValue: "1024PiB",
	} {
		if got := FormatSize(n); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFormatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<53).Draw(t, "n")
		if got, err := ParseSize(FormatSize(n)); got != n || err != nil {
			t.Errorf("size %d reads back as %d, %v", n, got, err)
		}
		v := rapid.Float64Range(0, MaxValue).Draw(t, "v")
		if got, err := ParseNumber(FormatNumber(v)); got != v || err != nil {
			t.Errorf("number %v reads back as %v, %v", v, got, err)
		}
	})
}

func TestResourceValues(t *testing.T) {
	disk, io := NewResource("disk", UnitBytes, 1), NewResource("io", "ops/s", 0.5)
	for _, v := range []float64{-1, math.Copysign(0, -1), math.NaN(), math.Inf(1), MaxValue * 2, 0.5} {
		if disk.Valid(v) {
			t.Errorf("%v counts as a size", v)
		}
	}
	if !io.Valid(0.5) || !disk.Valid(5e11) {
		t.Error("good values are refused")
	}
	if got, want := disk.Format(12<<40)+" "+io.Format(0.25), "12TiB 0.25"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"anna": "anna", "jürgen": "jürgen", "a\x1b[2J": `"a\x1b[2J"`, "\u202eevil": `"\u202eevil"`, "\xff": `"\xff"`, "": `""`, " x": `" x"`,
		strings.Repeat("ä", 61): strings.Repeat("ä", 60) + "…",
	} {
		if got := Printable(name); got != want {
			t.Errorf("Printable(%q) = %s, want %s", name, got, want)
		}
	}
}

func FuzzParseValues(f *testing.F) {
	for _, seed := range []string{"12TiB", "0.5", "010", "1_000", "NaN", "-0", "1e9", "125MB/s", "99999999999999999999PB", "0.0000000000000000001PiB"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := ParseSize(text); err == nil {
			if back, err := ParseSize(FormatSize(n)); n < 0 || n > MaxValue || back != n || err != nil {
				t.Errorf("ParseSize(%q) = %d, which reads back as %d, %v", text, n, back, err)
			}
		}
		if v, err := ParseNumber(text); err == nil {
			if back, err := ParseNumber(FormatNumber(v)); !(v >= 0 && v <= MaxValue) || back != v || err != nil {
				t.Errorf("ParseNumber(%q) = %v, which reads back as %v, %v", text, v, back, err)
			}
		}
		ParseBandwidth(text)
		ParseCount(text)
	})
}
