package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/monitor/host"
	"github.com/interlacemail/interlace/monitor/prove"
)

// looseScripts tells of Sieve scripts that lie in sievedir and are not copied. Where users have
// no mailbox of scripts yet sync_client takes what Cyrus reads of them into one; once there is
// one nothing reads what somebody puts into the directory, but that it may be run.
func (m *move) looseScripts(ctx context.Context, s *source, has *prove.Holding) []string {
	if len(s.users) == 0 {
		return nil
	}
	files, err := s.hosts[0].ScriptFiles(ctx, s.users)
	if err != nil {
		return []string{"whether Sieve scripts lie in sievedir that are not copied is not known: " + err.Error()}
	}
	mailboxed := map[inventory.UserID]bool{}
	for name := range has.Mailboxes {
		if owner, _, _ := name.Owner(); name.HoldsScripts() {
			mailboxed[inventory.UserID(owner.Name)] = true
		}
	}
	var warnings []string
	for _, u := range s.users {
		for i := range files[u] {
			if what := loose(&files[u][i], mailboxed[u]); what != "" {
				warnings = append(warnings, fmt.Sprintf("Sieve scripts of user %s are not copied: %s in %s on %s; what of that is wanted sieveshell puts where Cyrus keeps scripts (put NAME.script, activate NAME); what is not can be removed there",
					inventory.Printable(string(u)), what, inventory.Paste(files[u][i].Dir), s.hosts[0].Server))
			}
		}
	}
	return warnings
}

// loose says what of a user's files is in no mailbox of scripts, and will not be, whether there is
// one already or not. What is compiled only can't be held against one that nobody can open.
func loose(f *host.ScriptFiles, mailboxed bool) string {
	names := inventory.Printable(strings.Join(f.Scripts, ", "))
	switch {
	case f.Unread && len(f.Scripts) > 0:
		return names + ", which Cyrus does not read,"
	case f.Unread:
		return ""
	case mailboxed && len(f.Scripts) > 0 && f.Active != "":
		return fmt.Sprintf("%s (%s is run when mail comes)", names, inventory.Printable(f.Active))
	case mailboxed && len(f.Scripts) > 0:
		return names
	case !mailboxed && len(f.Compiled) > len(f.Scripts):
		return "compiled ones (.bc) without a text"
	}
	return ""
}
