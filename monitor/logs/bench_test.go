package logs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// BenchmarkLook reads 200 MB of all that the catalogue knows, ordinary lines of a
// mail server and unknown ones between.
func BenchmarkLook(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mail.log")
	lines := writeLog(b, path, 200<<20)
	opts := Options{Server: "imap1", Whole: true, Files: []string{path}, Instances: []monitor.Instance{{Store: "s1", Prefix: "s1m"}}}
	for b.Loop() {
		l, err := New(context.Background(), opts, &notes{})
		must(b, err)
		must(b, l.Look(context.Background(), time.Now()))
		l.Close()
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	b.SetBytes(200 << 20)
}

// BenchmarkJournal takes entries of a journal apart.
func BenchmarkJournal(b *testing.B) {
	line := []byte(`{"__CURSOR":"s=0639;i=4d3;b=6c7;m=2c;t=5e;x=f3","__REALTIME_TIMESTAMP":"1795338607000001","__MONOTONIC_TIMESTAMP":"744","_BOOT_ID":"6c7","PRIORITY":"6","_UID":"105","_GID":"8","_SYSTEMD_SLICE":"system.slice","_MACHINE_ID":"0f","_HOSTNAME":"imap1","SYSLOG_FACILITY":"2","_TRANSPORT":"syslog","_CAP_EFFECTIVE":"0","_COMM":"imapd","_EXE":"/usr/lib/cyrus/bin/imapd","_CMDLINE":"imapd -U 30","_SYSTEMD_CGROUP":"/system.slice/cyrus-imapd.service","_SYSTEMD_UNIT":"cyrus-imapd.service","SYSLOG_IDENTIFIER":"cyrus/imap","SYSLOG_PID":"4711","_PID":"4711","MESSAGE":"login: localhost [127.0.0.1] u0 PLAIN User logged in SESSIONID=<s1m-1795338607-18823-1-7>"}`)
	for b.Loop() {
		if _, _, ok := parseJournal(Line{Text: line}); !ok {
			b.Fatal("no entry")
		}
	}
}

func writeLog(b *testing.B, path string, size int) (lines int) {
	file, err := os.Create(path)
	must(b, err)
	defer file.Close()
	w := bufio.NewWriter(file)
	defer w.Flush()
	all, err := known()
	must(b, err)
	for written := 0; written < size; lines++ {
		p := all[lines%len(all)]
		process := "imap"
		if len(p.Processes) > 0 {
			process = p.Processes[0]
		}
		message := p.example
		switch lines % 5 {
		case 1, 2:
			process, message = "imap", fmt.Sprintf("login: h%d [127.0.0.1] u%d PLAIN User logged in SESSIONID=<s1m-%d-18823-1-7>", lines, lines, lines)
		case 3:
			message = fmt.Sprintf("something unknown about user.u%d and %d others", lines, lines%7)
		}
		n, err := fmt.Fprintf(w, "%s imap1 s1m/%s[%d]: %s\n", time.Unix(1795338607+int64(lines/500), 0).UTC().Format(time.Stamp), process, lines%32768, strings.TrimSpace(message))
		must(b, err)
		written += n
	}
	return lines
}

// BenchmarkIdle looks at a log that does not change, with two rotated files.
func BenchmarkIdle(b *testing.B) {
	path := filepath.Join(b.TempDir(), "mail.log")
	for _, suffix := range []string{"", ".1", ".2"} {
		must(b, os.WriteFile(path+suffix, []byte("Nov 22 09:35:59 h cyrus/imap[1]: "+suffix+"\n"), 0o600))
	}
	l, err := New(context.Background(), Options{Files: []string{path}}, &notes{})
	must(b, err)
	defer l.Close()
	for b.Loop() {
		l.read(time.Now())
	}
}
