package processes

import (
	"testing"

	"github.com/interlacemail/interlace/monitor"
)

func TestReadCommand(t *testing.T) {
	for _, test := range []struct {
		name    string
		command []string
		conf    string
		channel string
		rolling bool
		file    string
	}{
		{"sync_client", []string{"sync_client", "-C", "/s1.conf", "-r"}, "/s1.conf", "default", true, ""},
		{"sync_client", []string{"sync_client", "-rvC/s1.conf", "-n", "far"}, "/s1.conf", "far", true, ""},
		{"sync_client", []string{"sync_client", "-r", "-1"}, defaultConf, "default", false, ""},
		{"sync_client", []string{"sync_client", "-r1"}, defaultConf, "default", false, ""},
		{"sync_client", []string{"sync_client", "-r", "-f", "/log-12"}, defaultConf, "default", false, "/log-12"},
		{"sync_client", []string{"sync_client", "-n", "-r"}, defaultConf, "-r", false, ""},
		{"sync_client", []string{"sync_client", "-u", "--", "-r"}, defaultConf, "default", false, ""},
		{"sync_client", []string{"sync_client", "-d", "5", "-r", "-l"}, defaultConf, "default", true, ""},
		{"sync_client", []string{"sync_client", "-"}, defaultConf, "default", false, ""},
		{"sync_client", []string{"sync_client", "-C"}, defaultConf, "default", false, ""},
		{"sync_client", nil, defaultConf, "default", false, ""},
		{"squatter", []string{"squatter", "-C", "/s1.conf", "-R"}, "/s1.conf", "squatter", true, ""},
		{"squatter", []string{"squatter", "-i"}, defaultConf, "squatter", false, ""},
		{"master", []string{"master", "-C", "/s1.conf", "-M", "/cyrus.conf", "-p", "/pid", "-d"}, "/s1.conf", "", false, ""},
	} {
		p := monitor.Process{Name: test.name, Command: test.command}
		readCommand(&p)
		if p.Conf != test.conf || p.Channel != test.channel || p.Rolling != test.rolling || p.File != test.file {
			t.Errorf("%q: got %+v", test.command, p)
		}
	}
}
