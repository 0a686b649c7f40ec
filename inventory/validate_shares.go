package inventory

import (
	"slices"
	"strings"
)

// people returns whether a name is that of a user or shared tree.
func (v *validator) people() func(name string) bool {
	names := make(map[UserID]struct{}, len(v.inv.Users))
	for i := range v.inv.Users {
		names[v.inv.Users[i].Name] = struct{}{}
	}
	return func(name string) bool {
		_, ok := names[UserID(name)]
		return ok
	}
}

func (v *validator) eachShare() {
	if len(v.inv.Shares) == 0 {
		return
	}
	known, groups := v.people(), v.groups()
	for i := range v.inv.Shares {
		s := &v.inv.Shares[i]
		at := Place{Table: InShares, Row: i}
		v.shareTexts(at, s)
		if i > 0 && compareShares(*s, v.inv.Shares[i-1]) == 0 {
			v.mistakes.add(at, "share of %s with %s is listed twice", sharedFolder(s), Printable(s.Grantee)).after(i - 1)
		}
		if !known(string(s.Owner)) {
			v.doubt(at.of("owner"), InUsers, "owner %s of %s is neither a user nor a shared tree", string(s.Owner), s)
		}
		if v.never(s.Grantee) {
			continue
		}
		if group, ok := strings.CutPrefix(s.Grantee, "group:"); ok {
			if !groups[group] {
				v.doubt(at.of("grantee"), InGroups, "group %s, to which %s is open, has no members here", group, s)
			}
		} else if !known(s.Grantee) {
			v.doubt(at.of("grantee"), InUsers, "grantee %s of %s is neither a user nor a shared tree", s.Grantee, s)
		}
	}
}

func (v *validator) shareTexts(at Place, s *Share) {
	if !ValidUserName(string(s.Owner)) {
		v.mistakes.add(at.of("owner"), "owner of a share: %s is no name of a user", Quoted(string(s.Owner)))
	}
	if s.Folder != "" && !ValidUserName(s.Folder) {
		v.mistakes.add(at.of("folder"), "folder shared by %s: %s is no name of a folder", Printable(string(s.Owner)), Quoted(s.Folder))
	}
	if !ValidUserName(s.Grantee) {
		v.mistakes.add(at.of("grantee"), "grantee of %s: %s is no name of a user or group", sharedFolder(s), Quoted(s.Grantee))
	}
	if !cleanText(s.Rights) {
		v.mistakes.add(at.of("rights"), "rights to %s: %s holds control characters or is not UTF-8", sharedFolder(s), Quoted(s.Rights))
	}
}

// doubt warns of a name in a share that the table lacks.
func (v *validator) doubt(at Place, absent Table, format, name string, s *Share) {
	if !ValidUserName(name) {
		return
	}
	if m := v.warnings.add(at, format, Printable(name), sharedFolder(s)); m != nil {
		m.Absent = absent
	}
}

// never reports whether the identifier of a share never ties anybody.
func (v *validator) never(grantee string) bool {
	return grantee == "anyone" || grantee == "anonymous" || strings.HasPrefix(grantee, "-") ||
		slices.Contains(v.inv.Sharing.Ignore, UserID(grantee))
}

// groups returns the names of the groups that have members.
func (v *validator) groups() map[string]bool {
	groups := map[string]bool{}
	for i := range v.inv.Groups {
		groups[v.inv.Groups[i].Group] = true
	}
	return groups
}

func sharedFolder(s *Share) string {
	if s.Folder == "" {
		return Printable(string(s.Owner))
	}
	return Printable(string(s.Owner) + "/" + s.Folder)
}

func (v *validator) eachMembership() {
	groups := v.inv.Groups
	for i := range groups {
		m := &groups[i]
		at := Place{Table: InGroups, Row: i}
		if !ValidUserName(m.Group) {
			v.mistakes.add(at.of("group"), "%s is no name of a group", Quoted(m.Group))
		}
		if rest, ok := strings.CutPrefix(m.Group, "group:"); ok {
			v.mistakes.add(at.of("group"), "group %s is written without group: here", Printable(m.Group)).hint("write %s", Printable(rest))
		}
		if !ValidUserName(string(m.Member)) {
			v.mistakes.add(at.of("member"), "member of group %s: %s is no name of a user", Printable(m.Group), Quoted(string(m.Member)))
		} else if v.inv.User(m.Member) < 0 {
			w := v.warnings.add(at.of("member"), "member %s of group %s is neither a user nor a shared tree", Printable(string(m.Member)), Printable(m.Group))
			if w != nil {
				w.Absent = InUsers
			}
		}
		if i > 0 && *m == groups[i-1] {
			v.mistakes.add(at, "member %s of group %s is listed twice", Printable(string(m.Member)), Printable(m.Group)).after(i - 1)
		}
	}
}
