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
// is about to be brought, with the UID that it gets at least, and what has been is noted beside
// the list, so that it goes on where it broke off: one that was about to be brought then may be
// there, which is looked at. Without that note nothing is brought. One that is refused is told,
// and the others are brought. It asks for the administrator's password. Python's own APPEND would
// make lines of bare CRs and LFs.
const bringing = `import csv,os,re,sys,ssl,imaplib,getpass
imaplib.MapCRLF=re.compile(b"\r\n")
h,p,a,u,ca,m,e=sys.argv[1:]
i=os.path.dirname(e)
z=""
s=set()
def w(x):
 x=x.encode()
 if l.write(x)<len(x): raise OSError("no space left")
 os.fsync(l.fileno())
try:
 l=open(e+".done","ab+",0)
 l.seek(0)
 o=l.read().decode()
 w("\n" if o[-1:] not in "\n" else "")
except OSError as no: sys.exit("nothing is brought, for that cannot be noted: "+str(no))
for x in o.split("\n"):
 x=x.split("\t")
 if len(x)==3: v,z=x[1:]
 else: s.add(x[0])
` + entering + `
r=lambda f: open(os.path.join(i,f),"rb").read()
def has(d):
 if c.select(m,True)[0]!="OK": return False
 y=(c.uid("SEARCH","UID",v+":*","LARGER",str(len(d)-1),"SMALLER",str(len(d)+1))[1][0] or b"").split()
 y=[q for x in y if int(x)>=int(v) for q in c.uid("FETCH",x.decode(),"(BODY.PEEK[])")[1]]
 c.close()
 return d in [q[1] for q in y if isinstance(q,tuple)]
n=b=k=0
q=""
try:
 x=list(csv.DictReader(open(e,newline="")))
 if z not in s and z in [y["file"] for y in x] and has(r(z)): w(z+"\n"); s.add(z)
 v=(re.findall(r"UIDNEXT (\d+)",str(c.status(m,"(UIDNEXT)")))or["1"])[-1]
 for x in x:
  f=x["file"]
  if f in s: k+=1; continue
  try: d=r(f)
  except OSError as no: b+=1; print(f,"NO",no); continue
  g=lambda: c.append(m,"("+" ".join(x["flags"].split())+")",chr(34)+x["date"]+chr(34),d)
  w("\t"+v+"\t"+f+"\n")
  try:
   y=g()
   if y[0]!="OK": c.create(m); y=g()
  except c.abort: raise
  except c.error as no: y=["NO",no]
  if y[0]!="OK": b+=1; print(f,*y); continue
  n+=1
  w(f+"\n")
  for y in re.findall(r"APPENDUID \d+ (\d+)",str(y)): v=str(int(y)+1)
except (c.abort,OSError) as no: q="it breaks off; when that is mended run it once more: "+str(no)
print(n,"brought back,",k,"before that,",b,"refused")
if q: print(q)
sys.exit(b>0 or q>"")`

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
