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
const bringing = `import re,sys,ssl,imaplib,getpass; imaplib.MapCRLF=re.compile(b"\r\n"); h,p,a,u,ca,m,f,d,e=sys.argv[1:]; ` + entering +
	`g=lambda:c.append(m,f,float(d),open(e,"rb").read()); r=g(); r=r if r[0]=="OK" else (c.create(m),g())[1]; print(*r); sys.exit(r[0]!="OK")`

// entering logs in as a user.
const entering = `t=ssl.create_default_context(cafile=ca or None); c=%s; c.authenticate("PLAIN",lambda _:"\0".join([u,a,getpass.getpass()]).encode()); `

// flagging adds to messages the flags that a file of them has of the replica alone. None of them
// is to be expunged for that.
const flagging = `import csv,sys,ssl,imaplib,getpass; h,p,a,u,ca,m,e=sys.argv[1:]; ` + entering +
	`s=lambda x:x.lower().split(); n=lambda r:[w for w in r["replica"].split() if w.lower() not in s(r["master"])+["\\deleted"]]; ` +
	`print(*c.select(m)); r=[c.uid("STORE",x["uid"],"+FLAGS.SILENT","("+" ".join(n(x))+")")[0] for x in csv.DictReader(open(e)) if n(x)]; ` +
	`print(len(r),"flagged"); sys.exit(not set(r)<={"OK"})`

// connecting makes the connection in [entering], by how it is protected.
var connecting = map[cyrus.TLS]string{
	cyrus.None:        `imaplib.IMAP4(h,int(p))`,
	cyrus.ImplicitTLS: `imaplib.IMAP4_SSL(h,int(p),ssl_context=t)`,
	cyrus.StartTLS:    `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
	"":                `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
}

// bringBack is the command that brings a message that was saved to the master, into the
// mailbox that a user calls so. Without a command it cannot be pasted.
func bringBack(master *Side, user, mailbox, file string, t traits) monitor.RepairStep {
	return monitor.RepairStep{
		Text:    "brings what was saved to the master, with its flags and its date",
		Command: asUserOf(master, bringing, user, mailbox, "("+t.flags+")", fmt.Sprint(t.date), file),
	}
}

// bringFlags is the command that adds the flags that only the replica had, and that were saved,
// on the master, in the mailbox that a user calls so.
func bringFlags(master *Side, user, mailbox, file string) monitor.RepairStep {
	return monitor.RepairStep{Text: "adds the flags that only the replica had on the master", Command: asUserOf(master, flagging, user, mailbox, file)}
}

// asUserOf is the command that runs a program of Python which logs in as a user; empty where it
// cannot be pasted.
func asUserOf(s *Side, program, user, mailbox string, words ...string) inventory.Text {
	host, port, err := net.SplitHostPort(s.IMAP.Address)
	if err != nil {
		return ""
	}
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(mailbox) + `"`
	all := []string{"python3", "-c", fmt.Sprintf(program, connecting[s.IMAP.TLS]), host, port, s.IMAP.User, user, s.IMAP.CAFile, quoted}
	return inventory.Paste(append(all, words...)...)
}

// mostBrought is how many commands are printed of one mailbox.
const mostBrought = 200

// keepWay remembers how a message that was saved is brought back.
func (p *pair) keepWay(name cyrus.InternalName, step monitor.RepairStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ways[name] = append(p.ways[name], step)
}

// keepFlags remembers how flags that were saved are brought back.
func (p *pair) keepFlags(name cyrus.InternalName, step monitor.RepairStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flagWays[name] = step
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
	r.bringFlags()
}

// bringFlags has the flags that only the replica had added on the master.
func (r *remedy) bringFlags() {
	some := false
	for i := range r.list {
		d := &r.list[i]
		if step, saved := r.flagWays[r.inner[d.Mailbox]]; saved && d.Kind == monitor.FlagsDiffer {
			r.steps, some = append(r.steps, step), true
		}
	}
	if some {
		r.warn("flags that only the replica has, but \\Deleted, are added on the master when all else is done, by a command that asks for the password of %s: take out of the file whatever is not to come back; flags that only the master has stay, so where the replica's side was right those are to be taken away by a mail client", r.store.Master.IMAP.User)
	}
}
