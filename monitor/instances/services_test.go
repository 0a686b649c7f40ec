package instances_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/interlacemail/interlace/monitor/instances"
)

func TestReadServices(t *testing.T) {
	path := write(t, t.TempDir(), "cyrus.conf", `# standard standalone server implementation
START {
	# do not delete this entry!
	recover		cmd="ctl_cyrusdb -r"

}
services { # of this store
	imap		cmd="imapd -C /etc/s1.conf -U 30" listen="imap" prefork=0 maxchild=100
}
DAEMON { idled cmd=idled
  sync  cmd = "sync_client -C /etc/s1.conf  -r" wait=n # the replica
  bare }
EVENTS { }
`)
	got, err := instances.ReadServices(path)
	want := []instances.Service{
		{"START", "recover", []string{"ctl_cyrusdb", "-r"}},
		{"SERVICES", "imap", []string{"imapd", "-C", "/etc/s1.conf", "-U", "30"}},
		{"DAEMON", "idled", []string{"idled"}},
		{"DAEMON", "sync", []string{"sync_client", "-C", "/etc/s1.conf", "-r"}},
		{"DAEMON", "bare", nil},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReadServicesTrouble(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct{ path, want string }{
		{dir, "is no plain file"},
		{write(t, dir, "loose", "START {\n}\nimap cmd=imapd\n"), "loose:3: this is in no section"},
		{write(t, dir, "open", "START {\n  imap cmd=imapd\n"), "section START has no end"},
	} {
		if _, err := instances.ReadServices(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %q in it", err, test.want)
		}
	}
}
