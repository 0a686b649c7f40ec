package processes_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/processes"
)

func TestRoleOf(t *testing.T) {
	const replica = "/usr/sbin/init\nimapd -C /etc/s1.conf\nsync_server -C /etc/s1.conf\n\nsync_client -C /etc/s2.conf -r\n"
	for name, c := range map[string]struct {
		commands, conf string
		want           inventory.Role
	}{
		"a replica":                         {replica, "/etc/s1.conf", inventory.Replica},
		"a path written in another way":     {replica, "/etc//s1.conf", inventory.Replica},
		"a master":                          {replica + "/usr/lib/cyrus/bin/sync_client -C /etc/s1.conf -r -n repl2\n", "/etc/s1.conf", inventory.Master},
		"a client that works one batch off": {replica + "sync_client -C /etc/s1.conf -r -1\n", "/etc/s1.conf", inventory.Replica},
		"nothing runs":                      {replica, "/etc/s3.conf", ""},
		"a path that begins alike":          {"imapd -C /etc/s1.conf.old\n", "/etc/s1.conf", ""},
		"nothing was said":                  {"", "/etc/s1.conf", ""},
	} {
		role, err := processes.RoleOf(c.commands, c.conf)
		if role != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", name, role, err)
		}
	}
}
