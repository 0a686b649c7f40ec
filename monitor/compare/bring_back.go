package compare

import (
	"fmt"
	"net"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// traits are what a file of a message does not show.
type traits struct {
	flags string
	date  int64 // seconds since 1970
}

func traitsOf(m *cyrus.Message) traits { return traits{m.Flags, m.InternalDate} }

// bringing appends a message as a user, with its flags and its date: nothing of Cyrus
// does that, and we change no server. A folder that is not there is made. It asks for
// the administrator's password. Python's own APPEND would make lines of bare CRs and LFs.
const bringing = `import re,sys,ssl,imaplib,getpass; imaplib.MapCRLF=re.compile(b"\r\n"); h,p,a,u,m,f,d,e,ca=sys.argv[1:]; t=ssl.create_default_context(cafile=ca or None); ` +
	`c=%s; c.authenticate("PLAIN",lambda _:"\0".join([u,a,getpass.getpass()]).encode()); ` +
	`g=lambda:c.append(m,f,float(d),open(e,"rb").read()); r=g(); r=r if r[0]=="OK" else (c.create(m),g())[1]; print(*r); sys.exit(r[0]!="OK")`

// connecting makes the connection in [bringing], by how it is protected.
var connecting = map[cyrus.TLS]string{
	cyrus.None:        `imaplib.IMAP4(h,int(p))`,
	cyrus.ImplicitTLS: `imaplib.IMAP4_SSL(h,int(p),ssl_context=t)`,
	cyrus.StartTLS:    `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
	"":                `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
}

// bringBack is the command that brings a message that was saved to the master, into the
// mailbox that a user calls so. Without a command it cannot be pasted.
func bringBack(master *Side, user, mailbox, file string, t traits) monitor.RepairStep {
	step := monitor.RepairStep{Text: "brings what was saved to the master, with its flags and its date"}
	host, port, err := net.SplitHostPort(master.IMAP.Address)
	if err != nil {
		return step
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(mailbox) + `"`
	step.Command = inventory.Paste("python3", "-c", fmt.Sprintf(bringing, connecting[master.IMAP.TLS]),
		host, port, master.IMAP.User, user, quoted, "("+t.flags+")", fmt.Sprint(t.date), file, master.IMAP.CAFile)
	return step
}

// mostBrought is how many commands are printed of one mailbox.
const mostBrought = 200

// keepWay remembers how a message that was saved is brought back.
func (p *pair) keepWay(name cyrus.InternalName, step monitor.RepairStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ways[name] = append(p.ways[name], step)
}

// bringBack has all that was saved of the user brought to the master.
func (r *remedy) bringBack() {
	var told []inventory.Text
	left := 0
	for i := range r.list {
		d := &r.list[i]
		if !onlyThere(d) || d.Saved == "" || len(told) > 0 && told[len(told)-1] == d.Mailbox {
			continue
		}
		told = append(told, d.Mailbox)
		ways := r.ways[r.inner[d.Mailbox]]
		shown := min(len(ways), mostBrought)
		r.steps, left = append(r.steps, ways[:shown]...), left+len(ways)-shown
	}
	if len(told) > 0 {
		r.warn("what is saved is brought to the master when all else is done, with its flags and its date and as new messages; the command asks for the password of %s", r.store.Master.IMAP.User)
	}
	if left > 0 {
		r.warn("%d more files are brought back like those", left)
	}
}
