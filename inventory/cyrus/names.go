package cyrus

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// ExternalName is a mailbox's name as an administrator sees it over IMAP: in
// modified UTF-7, with the server's separator, and with virtual domains the
// domain behind an @: "user/jane.doe/Sent@example.org".
type ExternalName string

// InternalName is a mailbox's name as Cyrus writes it in its databases and sync
// logs and in SYNCGET, whatever the separator: "example.org!user.jane^doe.Sent".
// A "." separates, "^" stands for a "." in a part of the name.
type InternalName string

// Readings returns what a name in a text may be inside: as an administrator of a
// server with either separator sees it, or as it is.
func (n ExternalName) Readings() []InternalName {
	readings := n.internal('.')
	if strings.Contains(string(n), "/") {
		readings = n.internal('/')
	}
	return readings
}

// internal returns what the name may be inside. With an @ there are two
// readings, and only the server knows which of them holds: the one with virtual
// domains comes first.
func (n ExternalName) internal(separator byte) []InternalName {
	plain := InternalName(inside(string(n), separator))
	at := strings.LastIndexByte(string(n), '@')
	if at < 0 {
		return []InternalName{plain}
	}
	local, domain := string(n[:at]), string(n[at+1:])
	return []InternalName{InternalName(domain + "!" + inside(local, separator)), plain}
}

// inside exchanges the characters that differ inside of a server with "/" as
// its separator. With "." as the separator none do.
func inside(name string, separator byte) string {
	if separator == '/' {
		return strings.NewReplacer(".", "^", "/", ".").Replace(name)
	}
	return name
}

// External returns the name as an administrator of a server with this separator
// sees it.
func (n InternalName) External(separator byte) ExternalName {
	domain, local, found := strings.Cut(string(n), "!")
	if !found {
		return ExternalName(outside(string(n), separator))
	}
	return ExternalName(outside(local, separator) + "@" + domain)
}

func outside(name string, separator byte) string {
	if separator == '/' {
		return strings.NewReplacer("^", ".", ".", "/").Replace(name)
	}
	return name
}

// Owner is a user or a shared tree: what a mailbox belongs to.
type Owner struct {
	// Name is the user's name as in access lists, or the top part of the name
	// of a mailbox that belongs to no user; with virtual domains both end in
	// the domain, like jane.doe@example.org.
	Name string
	// Shared says that it is a shared tree.
	Shared bool
}

// Owner returns what the mailbox belongs to, and the folder's parts below that,
// none for the top one. What is deleted and only kept for a while belongs to
// nobody any more: kept is false.
func (n InternalName) Owner() (owner Owner, folder []string, kept bool) {
	domain, local, found := strings.Cut(string(n), "!")
	if !found {
		domain, local = "", string(n)
	}
	parts := strings.Split(local, ".")
	switch {
	case parts[0] == "DELETED":
		return Owner{}, nil, false
	case parts[0] == "user" && len(parts) > 1:
		owner.Name = strings.ReplaceAll(parts[1], "^", ".")
		folder = parts[2:]
	default:
		owner = Owner{Name: parts[0], Shared: true}
		folder = parts[1:]
	}
	if domain != "" {
		owner.Name += "@" + domain
	}
	return owner, folder, true
}

// OwnedBy returns those of the names that belong to one of the owners, in place: no deleted
// ones.
func OwnedBy(names []InternalName, owners map[Owner]bool) []InternalName {
	return slices.DeleteFunc(names, func(n InternalName) bool {
		owner, _, kept := n.Owner()
		return !kept || !owners[owner]
	})
}

// Folder joins the parts of a folder's name for people: with the server's
// separator and in UTF-8.
func Folder(parts []string, separator byte) string {
	shown := make([]string, len(parts))
	for i, part := range parts {
		if separator == '/' {
			part = strings.ReplaceAll(part, "^", ".")
		}
		shown[i] = decode(part)
	}
	return strings.Join(shown, string(separator))
}

// decode turns modified UTF-7 (RFC 3501, section 5.1.3) into UTF-8. A text that
// is no modified UTF-7, or stands for control characters, is shown as it is,
// with what does not print escaped: no two names become equal.
func decode(name string) string {
	if text, ok := decodeUTF7(name); ok && !strings.ContainsFunc(text, unicode.IsControl) {
		return text
	}
	escaped := strconv.QuoteToASCII(name)
	return escaped[1 : len(escaped)-1]
}

var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding).Strict()

func decodeUTF7(name string) (string, bool) {
	var b strings.Builder
	for name != "" {
		plain, rest, shifted := strings.Cut(name, "&")
		for i := range len(plain) {
			if plain[i] < ' ' || plain[i] > '~' {
				return "", false
			}
		}
		b.WriteString(plain)
		if !shifted {
			break
		}
		code, rest, closed := strings.Cut(rest, "-")
		if !closed {
			return "", false
		}
		if code == "" {
			b.WriteByte('&')
		} else if !decodeShift(&b, code) {
			return "", false
		}
		name = rest
	}
	return b.String(), true
}

// decodeShift decodes what stands between & and -: UTF-16 in base 64.
func decodeShift(b *strings.Builder, code string) bool {
	octets, err := utf7.DecodeString(code)
	if err != nil || len(octets)%2 != 0 {
		return false
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
	}
	for _, r := range utf16.Decode(units) {
		if r == utf8.RuneError || (r >= ' ' && r <= '~') {
			return false // what prints in ASCII has only one form, itself
		}
		b.WriteRune(r)
	}
	return true
}

// quote writes a text as a quoted string. The texts are names that the server
// itself told, without line breaks and NUL.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// Folded returns what Cyrus may take a user's name for at a login: it makes capitals
// small unless username_tolower is off, which nobody is told; SASL drops blanks around
// it, and with virtual domains a % is an @. Whose name is not its own folding cannot
// log in as himself for certain: it may be somebody else who is let in, and whose INBOX
// is created on servers with autocreate.
func Folded(user string) string {
	small := func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		case r == '%':
			return '@'
		}
		return r
	}
	return strings.Map(small, strings.TrimSpace(user))
}

// OwnName returns the name of a user's folder, as [InternalName.Owner] tells its
// parts, as that user sees it. The connection must be As that user.
func (c *Client) OwnName(folder []string) string {
	if len(folder) == 0 {
		return "INBOX"
	}
	separator := string(c.server.Separator)
	name := outside(strings.Join(folder, "."), c.server.Separator)
	if c.server.AltNamespace == Yes {
		return name
	}
	return "INBOX" + separator + name
}

// UserName returns the name of any mailbox as the user sees it that the
// connection acts as.
func (c *Client) UserName(name InternalName) string {
	owner, folder, _ := name.Owner()
	if owner == (Owner{Name: c.options.As}) {
		return c.OwnName(folder)
	}
	if _, domain, _ := strings.Cut(c.options.As, "@"); c.options.Domains {
		name = InternalName(strings.TrimPrefix(string(name), domain+"!"))
	}
	outer := string(name.External(c.server.Separator))
	if rest, found := strings.CutPrefix(outer, "user"+string(c.server.Separator)); found && !owner.Shared {
		return c.server.Others + rest
	}
	return c.server.Shared + outer
}

// Inside returns what a mailbox is called inside that the user sees by this name.
func (c *Client) Inside(name string) InternalName {
	separator := string(c.server.Separator)
	user, domain := c.options.As, ""
	if c.options.Domains {
		user, domain, _ = strings.Cut(user, "@")
	}
	virtual := domain != ""
	if c.server.Separator == '.' {
		user = strings.ReplaceAll(user, ".", "^")
	}
	own := "user" + separator + user
	local, at, elsewhere := name, "", false
	if i := strings.LastIndexByte(name, '@'); i >= 0 && virtual {
		local, at, elsewhere = name[:i], name[i+1:], true
	}
	rest, inOthers := strings.CutPrefix(local, c.server.Others)
	tree, inShared := strings.CutPrefix(local, c.server.Shared)
	var full string
	switch {
	case local == "INBOX":
		full = own
	case c.server.AltNamespace != Yes && strings.HasPrefix(local, "INBOX"+separator):
		full = own + local[len("INBOX"):]
	case c.server.Others != "" && inOthers:
		full = "user" + separator + rest
	case inShared && (c.server.AltNamespace != Yes || c.server.Shared != ""):
		full = tree
	default:
		full = own + separator + local
	}
	inner := InternalName(inside(full, c.server.Separator))
	switch {
	case elsewhere:
		return InternalName(at) + "!" + inner
	case virtual:
		return InternalName(domain) + "!" + inner
	}
	return inner
}
