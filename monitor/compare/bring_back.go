package compare

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/interlacemail/interlace/inventory"
	"github.com/interlacemail/interlace/inventory/cyrus"
	"github.com/interlacemail/interlace/monitor"
)

// bringing appends messages as a user, with their flags and dates, by the list of what was saved:
// nothing of Cyrus does that, and we change no server. A folder that is not there is made. What
// has been brought is noted beside the list, so that it goes on where it broke off; one that is
// refused is told, and the others are brought. It asks for the administrator's password. Python's
// own APPEND would make lines of bare CRs and LFs.
const bringing = `import csv,os,re,sys,ssl,imaplib,getpass
imaplib.MapCRLF=re.compile(b"\r\n")
h,p,a,u,ca,m,e=sys.argv[1:]
l=open(e+".done","a+")
l.seek(0)
s=set(l.read().splitlines())
` + entering + `
n=b=k=0
for x in csv.DictReader(open(e,newline="")):
 f=x["file"]
 if f in s: k+=1; continue
 try:
  d=open(os.path.join(os.path.dirname(e),f),"rb").read()
  g=lambda: c.append(m,"("+" ".join(x["flags"].split())+")",chr(34)+x["date"]+chr(34),d)
  r=g()
  if r[0]!="OK": c.create(m); r=g()
 except c.abort: raise
 except (c.error,OSError) as no: r=["NO",no]
 if r[0]=="OK": n+=1; print(f,file=l,flush=True)
 else: b+=1; print(f,*r)
print(n,"brought back,",k,"before that,",b,"refused")
sys.exit(b>0)`

// entering logs in as a user.
const entering = `t=ssl.create_default_context(cafile=ca or None); c=%s; c.authenticate("PLAIN",lambda _:"\0".join([u,a,getpass.getpass()]).encode())`

// flagging adds to messages the flags that a file of them has of the replica alone. None of them
// is to be expunged for that.
const flagging = `import csv,sys,ssl,imaplib,getpass; h,p,a,u,ca,m,e=sys.argv[1:]; ` + entering +
	`; s=lambda x:x.lower().split(); n=lambda r:[w for w in r["replica"].split() if w.lower() not in s(r["master"])+["\\deleted"]]; ` +
	`print(*c.select(m)); r=[c.uid("STORE",x["uid"],"+FLAGS.SILENT","("+" ".join(n(x))+")")[0] for x in csv.DictReader(open(e)) if n(x)]; ` +
	`print(len(r),"flagged"); sys.exit(not set(r)<={"OK"})`

// connecting makes the connection in [entering], by how it is protected.
var connecting = map[cyrus.TLS]string{
	cyrus.None:        `imaplib.IMAP4(h,int(p))`,
	cyrus.ImplicitTLS: `imaplib.IMAP4_SSL(h,int(p),ssl_context=t)`,
	cyrus.StartTLS:    `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
	"":                `imaplib.IMAP4(h,int(p)); c.starttls(t)`,
}

// bringMessages is the command that brings messages that were saved, as a list has them, to the
// master, into the mailbox that a user calls so.
func bringMessages(master *Side, user, mailbox, list string) monitor.RepairStep {
	return monitor.RepairStep{Text: "brings what was saved to the master, with its flags and its date", Command: asUserOf(master, bringing, user, mailbox, list)}
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
	program = fmt.Sprintf(program, connecting[s.IMAP.TLS])
	if strings.Contains(program, "\n") {
		program = "exec(" + strconv.Quote(program) + ")" // what is pasted is one line
	}
	all := []string{"python3", "-c", program, host, port, s.IMAP.User, user, s.IMAP.CAFile, quoted}
	return inventory.Paste(append(all, words...)...)
}

// keepWay remembers how something that was saved of a mailbox is brought back.
func (p *pair) keepWay(ways map[cyrus.InternalName]monitor.RepairStep, name cyrus.InternalName, step monitor.RepairStep) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ways[name] = step
}

// bringBack has all that was saved of the user brought to the master.
func (r *remedy) bringBack() {
	var told []inventory.Text
	for i := range r.list {
		d := &r.list[i]
		if step, saved := r.ways[r.inner[d.Mailbox]]; saved && onlyThere(d) && !slices.Contains(told, d.Mailbox) {
			told, r.steps = append(told, d.Mailbox), append(r.steps, step)
		}
	}
	if len(told) > 0 {
		r.warn("what is saved is brought to the master when all else is done, with its flags and its date and as new messages, by a command that asks for the password of %s: take out of the list whatever is not to come back; where it breaks off run it once more, and it goes on", r.store.Master.IMAP.User)
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
