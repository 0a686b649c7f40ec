package inventory

import "testing"

func TestCyrusVersion(t *testing.T) {
	for _, c := range []struct {
		text, want string
		known      bool
	}{
		{"3.6.1", "3.6.1", true},
		{"3.6.1-Debian-3.6.1-4+deb12u5", "3.6.1", true},
		{"3.0.8-Debian-3.0.8-6+deb10u6", "3.0.8", true},
		{"v2.3.7-Invoca-RPM-2.3.7-12.el5", "2.3.7", true},
		{"v2.4.17-caldav-beta9-Debian-2.4.17+caldav~beta9-3", "2.4.17", true},
		{"v2.3.8-OS X Server 10.5:\t\t9F33", "2.3.8", true},
		{"git2.5.0+0-Kolab-2.5-67.el6.kolab_3.4", "2.5.0", true},
		{"3.8.0-beta1", "3.8.0-beta1", true},
		{"3.10.0-rc2", "3.10.0-rc2", true},
		{"2.5.10-49-g2e214b4", "2.5.10-49-g2e214b4", true},
		{"3.9.0-alpha0-1108-g3a29173c6d-fm-20231005.002-g3a29173c", "3.9.0-alpha0-1108-g3a29173c6d", true},
		{"3.6.1-4+deb12u5", "3.6.1", true},
		{"3", "3", true},
		{"", "", false},
		{"v", "", false},
		{"unknown", "", false},
		{"3..1", "", false},
		{"3.6.", "", false},
		{"3.99999999999", "", false},
		{"\x1b[2J", "", false},
	} {
		if got, known := CyrusVersion(c.text); got != c.want || known != c.known {
			t.Errorf("CyrusVersion(%q) is %q, %v, want %q, %v", c.text, got, known, c.want, c.known)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	// From the oldest to the newest.
	versions := []string{
		"v2.3.7-Invoca-RPM-2.3.7-12.el5", "2.3.16", "2.4", "2.5.10", "2.5.10-6-g2e214b4", "2.5.10-49-gabcdef0", "2.5.11",
		"3.0.8-Debian-3.0.8-6+deb10u6", "3.6.1", "3.8.0-alpha0", "3.8.0-alpha0-123-gabcdef0", "3.8.0-beta1", "3.8.0-beta2", "3.8.0-rc1", "3.8.0", "3.10.0", "3.12.0",
	}
	for i, a := range versions {
		for k, b := range versions {
			order, known := compareVersions(a, b)
			if want := min(max(i-k, -1), 1); !known || order != want {
				t.Errorf("%s against %s is %d, %v, want %d", a, b, order, known, want)
			}
		}
	}
	for _, equal := range [][2]string{{"3.6", "3.6.0"}, {"v2.4.17", "2.4.17-Fedora-RPM-2.4.17-15.el7"}, {"3.6.1-4+deb12u5", "3.6.1-4+deb12u2"}} {
		if order, known := compareVersions(equal[0], equal[1]); order != 0 || !known {
			t.Errorf("%q against %q is %d, %v, want 0", equal[0], equal[1], order, known)
		}
	}
}

func TestDifferencesOfVersions(t *testing.T) {
	settings := func(version string) Settings {
		return Settings{Version: version, Separator: ".", VirtDomains: "off", Conversations: "no", Partitions: "default"}
	}
	for _, c := range []struct {
		master, replica string
		differ          int
		known           bool
	}{
		{"3.6.1", "3.6.1", 0, true},
		{"3.6.1", "3.10.0", 0, true},
		{"3.10.0", "3.6.1", 1, true},
		{"3.8.0", "3.8.0-beta1", 1, true},
		{"v2.3.16", "v2.3.7-Invoca-RPM-2.3.7-12.el5", 1, true},
		{"3.6.1", "", 0, false},
		{"3.6.1", "home made", 0, false},
		{"home made", "home made", 0, false},
	} {
		if differ, known := settings(c.master).Differences(settings(c.replica)); differ != c.differ || known != c.known {
			t.Errorf("master %q, replica %q: %d, %v, want %d, %v", c.master, c.replica, differ, known, c.differ, c.known)
		}
	}
}
