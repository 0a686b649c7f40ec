package prove_test

import (
	"testing"

	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor/prove"
)

func TestLimitsDecide(t *testing.T) {
	quota := func(used, limit int64) map[cyrus.InternalName][]cyrus.Use {
		return map[cyrus.InternalName][]cyrus.Use{"user.anna": {{Resource: "STORAGE", Used: used, Limit: limit}}}
	}
	for _, c := range []struct {
		copy                  map[cyrus.InternalName][]cyrus.Use
		different, miscounted int
	}{{quota(7, 10), 0, 0}, {quota(8, 10), 0, 1}, {quota(7, 11), 1, 0}, {quota(8, 11), 1, 0}, {nil, 1, 0}} {
		original, replica := &prove.Holding{Quotas: quota(7, 10)}, &prove.Holding{Quotas: c.copy}
		different, miscounted := original.Differences(replica), len(original.Miscounted(replica, '.'))
		if len(different) != c.different || miscounted != c.miscounted {
			t.Errorf("%v: %q, %d", c.copy, different, miscounted)
		}
	}
}
