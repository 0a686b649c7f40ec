package inventory

// UserColumns are the columns of the table of users that are no resource.
var UserColumns = []string{"user", "store", "kind", "pinned", "moved", "estimated", "messages", "mailboxes"}

// eachUser runs over millions of rows and allocates nothing for a good one.
func (v *validator) eachUser() {
	users, first := v.inv.Users, 0
	for i := range users {
		u := &users[i]
		if u.Name != users[first].Name {
			first = i
		}
		if first < i {
			v.sameName(i, first)
		}
		if _, ok := v.stores[u.Store]; !ok {
			v.unknownStore(i, u)
		}
		if !ValidUserName(string(u.Name)) {
			v.userName(i, u)
		}
		v.userValues(i, u)
	}
}

// sameName reports a user whose name another row, the first of its name, has.
func (v *validator) sameName(row, first int) {
	at := Place{Table: InUsers, Row: row, Field: "user"}
	u := &v.inv.Users[row]
	switch {
	case u.Name == "":
	case u.Kind != v.inv.Users[first].Kind:
		v.mistakes.add(at, "%s is the name of a user and of a shared tree", Printable(string(u.Name))).after(first)
	default:
		v.mistakes.add(at, "user %s is named twice", Printable(string(u.Name))).after(first)
	}
}

func (v *validator) userName(row int, u *User) {
	at := Place{Table: InUsers, Row: row, Field: "user"}
	if u.Name == "" {
		v.mistakes.add(at, "user without a name")
		return
	}
	v.mistakes.add(at, "%s is no name of a user: it holds control characters or is not UTF-8", Quoted(string(u.Name)))
}

func (v *validator) unknownStore(row int, u *User) {
	at := Place{Table: InUsers, Row: row, Field: "store"}
	if u.Store == "" {
		v.mistakes.add(at, "user %s has no store", Printable(string(u.Name)))
		return
	}
	absent(v.mistakes.add(at, "store %s is not in the fleet (user %s)", Printable(string(u.Store)), Printable(string(u.Name))),
		InStores, string(u.Store), v.stores)
}

func (v *validator) userValues(row int, u *User) {
	at := Place{Table: InUsers, Row: row}
	for r := range v.inv.Resources {
		resource := &v.inv.Resources[r]
		if !resource.Valid(u.Load[r]) {
			v.value(at.of(string(resource.Name)), resource, u.Load[r], string(resource.Name), string(u.Name))
		}
	}
	if u.Moved != "" && !ValidDate(u.Moved) {
		v.mistakes.add(at.of("moved"), "moved of %s: %s is not a date", Printable(string(u.Name)), Quoted(string(u.Moved))).hint("dates are written like 2026-01-31")
	}
	if u.Messages < Unknown || u.Mailboxes < Unknown {
		v.mistakes.add(at, "%s has a negative number of messages or mailboxes", Printable(string(u.Name)))
	}
	if u.Kind > Shared {
		v.mistakes.add(at.of("kind"), "kind of %s: %d is no kind of user", Printable(string(u.Name)), u.Kind)
	}
	if u.Estimated>>len(v.inv.Resources) != 0 {
		v.mistakes.add(at.of("estimated"), "estimated of %s names a resource that is not declared", Printable(string(u.Name)))
	}
}

// ValidDate reports whether the date is a day of the calendar.
func ValidDate(d Date) bool {
	if len(d) != 10 || d[4] != '-' || d[7] != '-' {
		return false
	}
	year, month, day := digits(d[0:4]), digits(d[5:7]), digits(d[8:10])
	return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

// digits returns the number that the text consists of, or -1.
func digits(s Date) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
