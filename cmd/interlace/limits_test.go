package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Values that no flag takes are refused with the flag and its range, all at
// once, before anything is read or written.
func TestFlagMistakes(t *testing.T) {
	const whole = " is not a whole number from 0 to 2147483647"
	for _, c := range []struct {
		args string
		want []string
	}{
		{"demo new --servers 1", []string{`--servers: "1" is not a whole number from 2 to 10000`}},
		{"demo new --servers 100000000 --stores 0 --users -1 --kind mixd", []string{
			`--kind: "mixd" is none of equal, lognormal, mixed, skewed, skewed2`, `--servers: "100000000" is not a whole number from 2 to 10000`,
			`--stores: "0" is not a whole number from 1 to 1000`, `--users: "-1" is not a whole number from 0 to 5000000`,
		}},
		{"demo new --servers 9223372036854775808 --stores 1e3 --users 0x10", []string{
			`--servers: "9223372036854775808" is not a whole number from 2 to 10000`, `--stores: "1e3" is not a whole number from 1 to 1000`,
			`--users: "0x10" is not a whole number from 0 to 5000000`,
		}},
		{"demo new --servers 10000 --stores 1000", []string{"--servers 10000 with --stores 1000 makes 10,000,000 stores; a demo has at most 100,000"}},
		{"demo --users x", []string{`--users: "x" is not a whole number from 0 to 5000000`, "interlace demo: DIR is missing"}},
		{"layout --gap NaN --max-bytes -1 --max-changes -1 --max-interrupted 1.5", []string{
			`--gap: "NaN" is not between 0 and 1`, `--max-bytes: "-1" is not a size; sizes go from 0 to 1024PiB`, `--max-changes: "-1"` + whole, `--max-interrupted: "1.5"` + whole,
		}},
		{"layout --gap Inf", []string{`--gap: "Inf" is not between 0 and 1`}},
		{"layout --gap -0.1", []string{`--gap: "-0.1" is not between 0 and 1`}},
		{"layout --gap 1.01", []string{`--gap: "1.01" is not between 0 and 1`}},
		{"users --peak 80 --max-bytes NaN --max-users -3 --place -1", []string{
			`--peak: "80" is not between 0 and 1`, `--max-bytes: "NaN" is not a size; sizes go from 0 to 1024PiB`, `--max-users: "-3"` + whole, `--place: "-1"` + whole,
		}},
		{"users --peak 0", []string{`--peak: "0" is not above 0 and at most 1`}},
		{"users --peak=-Inf", []string{`--peak: "-Inf" is not between 0 and 1`}},
		{"moves plan.json --keep-source -1s --sync-rate -5MB/s", []string{
			`--keep-source: "-1s" is not a duration such as 90s, 2m, 12h or 14d`, `--sync-rate: "-5MB/s" is not a bandwidth`,
		}},
		{"moves plan.json --keep-source NaN --sync-rate 0B/s", []string{`--keep-source: "NaN" is not a duration such as 90s, 2m, 12h or 14d`, `--sync-rate: "0B/s" is not above 0`}},
		{"moves plan.json --keep-source 999999999d", []string{`--keep-source: "999999999d" is not a duration such as 90s, 2m, 12h or 14d`}},
		{"simulate --top -1", []string{`--top: "-1"` + whole}},
		{"simulate --random 0 --samples 1000001 --deviation 20 --detect soon --message-rate 0", []string{
			`--random: "0" is not a whole number from 1 to 2147483647`, `--samples: "1000001" is not a whole number from 1 to 1000000`,
			`--deviation: "20" is not between 0 and 1`, `--detect: "soon" is not a duration such as 90s, 2m, 12h or 14d`, `--message-rate: "0" is not a whole number from 1 to 2147483647`,
		}},
		{"simulate --samples 10", []string{"--samples draws sets of servers, but no --random says of how many"}},
		{"simulate --years 1001 --assume outages-per-year=10001 --assume =1 --assume rack-outage-hours=NaN", []string{
			`--years: "1001" is not a whole number from 1 to 1000`, `--assume: outages-per-year: "10001" is not a number from 0 to 10000`,
			`"" is nothing that is assumed`, `rack-outage-hours: "NaN" is not a number from 0 to 100000`,
		}},
		{"show groups --top -1 --at never", []string{`--at: "never" is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z`, `--top: "-1"` + whole}},
		{"check --seed -1 -o xml --color blue", []string{
			`--color: "blue" is none of auto, always, never`, `--output: "xml" is none of text, json, csv`, `--seed: "-1" is not a whole number from 0 to 18446744073709551615`,
		}},
		{"version --seed 18446744073709551616", []string{`--seed: "18446744073709551616" is not a whole number from 0 to 18446744073709551615`}},
		{"layout --plan= --config=", []string{"--plan: the name is empty", "--config: the name is empty"}},
		{"users --plan=", []string{"--plan: the name is empty"}},
		{"moves plan.json --plan=", []string{"--plan: the name is empty"}},
		{"discover --out=", []string{"--out: the name is empty"}},
		{"check --fleet= --db=", []string{"--db: the name is empty", "--fleet: the name is empty"}},
		{"users --light=maybe", []string{`--light: "maybe" is neither true nor false`}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Chdir(t.TempDir())
			status, stdout, stderr := interlace(t.Context(), strings.Fields(c.args)...)
			var said []string
			for line := range strings.Lines(stderr) {
				if text := strings.TrimPrefix(strings.TrimSpace(line), "interlace: "); !strings.HasPrefix(text, "hint: ") {
					said = append(said, text)
				}
			}
			if status != exitFailed || stdout != "" || !slices.Equal(said, c.want) {
				t.Errorf("status %d, printed %q, said %q\nwant %q", status, stdout, said, c.want)
			}
			if entries, _ := os.ReadDir("."); len(entries) > 0 {
				t.Errorf("something was written: %v", entries)
			}
		})
	}
}

// Every flag that holds a number knows its range: those of the library take any
// that the machine can hold.
func TestNumbersHaveRanges(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			switch f.Value.Type() {
			case "int", "int64", "uint64", "float64", "count", "duration":
				t.Errorf("%s --%s is of type %s", c.CommandPath(), f.Name, f.Value.Type())
			}
		})
		for _, below := range c.Commands() {
			walk(below)
		}
	}
	walk((&app{}).root())
}

// A plan is taken once, under whatever name.
func TestPlansNamedTwice(t *testing.T) {
	fleet := abs(t, "testdata/fleet/fleet.yaml")
	t.Chdir(t.TempDir())
	t.Setenv("INTERLACE_FLEET", fleet)
	interlace(t.Context(), "layout", "--plan", "plan.json")
	text, err := os.ReadFile("plan.json")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "copy.json", string(text))
	for _, args := range []string{
		"moves plan.json %s --plan new.json", "check --after plan.json --after %s", "simulate --after plan.json --after %s", "users --after plan.json --after %s --plan new.json",
	} {
		refuses(t, "interlace: plan.json is named twice\n.*hint: name every plan once", strings.Fields(strings.ReplaceAll(args, "%s", "plan.json"))...)
		refuses(t, "interlace: plan.json and copy.json hold the same plan\n", strings.Fields(strings.ReplaceAll(args, "%s", "copy.json"))...)
	}
	if _, err := os.Stat("new.json"); err == nil {
		t.Error("a plan was written")
	}
}
