package processes_test

import (
	"reflect"
	"testing"

	"github.com/interlacemail/interlace/monitor/processes"
)

func TestSeenIn(t *testing.T) {
	const replica = "/usr/sbin/init\nimapd -C /etc/s1.conf\nsync_server -C /etc/s1.conf\n\nsync_client -C /etc/s2.conf -r\n"
	other := []string{"/etc/s2.conf"}
	for name, c := range map[string]struct {
		commands, conf string
		want           processes.Seen
	}{
		"a replica":                           {replica, "/etc/s1.conf", processes.Seen{Runs: true, Others: other}},
		"a path written in another way":       {replica, "/etc//s1.conf", processes.Seen{Runs: true, Others: other}},
		"a master":                            {replica + "/usr/lib/cyrus/bin/sync_client -C /etc/s1.conf -r -n repl2\n", "/etc/s1.conf", processes.Seen{Runs: true, Sends: true, Others: other}},
		"a client that works one batch off":   {replica + "sync_client -C /etc/s1.conf -r -1\n", "/etc/s1.conf", processes.Seen{Runs: true, Others: other}},
		"a client with a relative path":       {"imapd -C /etc/s1.conf\nsync_client -r -C s1.conf\n", "/etc/s1.conf", processes.Seen{Runs: true, Others: []string{"s1.conf"}}},
		"a client with the default":           {"imapd -C /etc/imapd.conf\nsync_client -r\n", "/etc/imapd.conf", processes.Seen{Runs: true, Sends: true}},
		"nothing runs":                        {replica, "/etc/s3.conf", processes.Seen{Others: other}},
		"a path that begins alike":            {"imapd -C /etc/s1.conf.old\n", "/etc/s1.conf", processes.Seen{}},
		"nothing was said":                    {"", "/etc/s1.conf", processes.Seen{}},
		"something that names it, and is not": {"vi /etc/s1.conf\n", "/etc/s1.conf", processes.Seen{}},
	} {
		if got := processes.SeenIn(c.commands, c.conf); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
