package main

const instancesManual = `interlace apply itself never edits an imapd.conf or a cyrus.conf, and starts and stops
nothing. What a layout plan changes a command of yours does, instance_hook, and apply
says when, waits for it, and looks whether it is done:

  instance_hook: [instance, "{action}", "{store}", "{server}", "{role}", "{file}"]

It runs on the machine of apply. {role} is what the instance there is afterwards,
master or replica; {file} holds in JSON the action, the store, and of the instance
that it is about, also of one that is to be removed, server, role, imap, csync and
imapd_conf, as far as they are known: of one that is to be created the first two.
Under instances it holds the same of the store's instances as they are afterwards, the
master first. Exit status 0 says that it is done. Each action may be asked for again
when it is done already, or half done: then it does the rest. That is so when it
fails, and when what it was to do is not so afterwards, at once and by each later
apply. It may take 10 minutes or, while a store is offline for a promotion, what is
left of max_denied; then it is ended with all that it has begun. What it leaves
running when it ends by itself goes on.

create STORE SERVER replica
  Make an empty instance that runs, with the settings of the master and the same
  partitions, autocreate_quota: -1, and the account sync.user among its admins. Give
  the master a channel to it (sync_log_channels, CHANNEL_sync_host and so on in its
  imapd.conf) with a rolling sync_client. End every imapd, lmtpd, pop3d, httpd and
  timsieved of the master that began before: they do not log for the new channel. If
  the settings are in a file that imapd.conf includes, touch imapd.conf too. Print
  where the new instance is, in the words of the fleet file:

    imap: imap3:143
    csync: imap3:2005
    imapd_conf: /etc/cyrus/s001.conf

  and sync_dir and log if you like. Nobody is routed there.

create STORE SERVER master
  Make the first instance of a store, which is empty, and print the same.

start STORE SERVER replica
  Start an instance that is stopped, without a rolling sync_client. Of a new replica
  it tells that it is in service from now on.

start STORE SERVER master
  Start a master as it was before it was stopped. For a new store it tells that it is
  in service from now on.

stop STORE SERVER master
  End the instance with its rolling sync_clients, such that nothing of it starts by
  itself. Mail relays put mail off meanwhile.

promote STORE SERVER master
  The old master is stopped. Make the replica the master: give it a channel to each of
  the other instances, with a rolling sync_client. Configure the old master as a
  replica, without a rolling sync_client, for when it is started. A client that goes
  on there is the worst that can happen: apply has such an instance stopped.

remove STORE SERVER replica
  End the replica, and the master's channel to it with its sync_client. Whether its
  data is removed is up to the command; apply says whether it is still there. It is
  also asked for when a create, which may be half done, is taken back.

After a remove, and whenever a change is taken back, the others have to run and to
answer as before: start is asked for those that do not run. Where one does not stand
then the last lines of apply say so, and the exit status is 2.

ON THE MAIL SERVERS

All else that is done on a mail server apply does itself, by Cyrus's programs and a
few of the system's, behind the words of runner.argv. These have to run as the account
of Cyrus or as root; Cyrus's own programs become that account then.
What apply writes for them in configdirectory is for its owner alone. Where one fails
and says nothing else, the mail log of that server says why.

A NEW REPLICA

Between create and start apply copies all users, several at the same time
(apply.streams). Where that takes too long seed_command may copy files first, as one
of the EXAMPLES does:

  seed_command: [seed, "{store}", "{server}", "{file}"]

It runs after create, and again after a break, for up to 7 days, and may print as much
as it likes: the last of that is told where it fails. While nothing of the new
replica runs it has to copy, where conf is configdirectory:

  the partitions and conf/mailboxes.db
                messages, with their flags and annotations
  conf/user     subscriptions, what users have seen in mailboxes of others and, in
                dav.db, which Sieve scripts, calendars and address books there are
  sievedir      what is run of Sieve scripts when mail comes, with the links
                defaultbc (cp -a, rsync -a): replication makes none of a script that
                is there already
  conf/annotations.db, conf/quotas.db
                annotations of mailboxes, limits of quotas

Replication then copies only what is missing, but for what lies in sievedir and
dav.db; what quotas have as used is counted anew. What is not replicated at all is not
copied: duplicate and vacation databases, search indexes, passwords.

What users have beside messages is then compared with the master (prove_accounts), as
interlace compare --level 2 does: rights, quotas, subscriptions, what was seen,
annotations. Replication brings what differs, or could not be looked at since a user
is denied, and the annotations of the server itself; that is looked at again. By
runner it is asked on both servers which Sieve scripts are compiled in sievedir, which
one is run when mail comes, and whether dav.db has them. What differs after that is
told with whom it concerns and what to copy, and nothing is promoted or dropped: copy
it, and apply --resume --yes looks again. Calendars and address books are not looked
at. Without seed_command all comes by replication, and none of this is done.

What seed_command has copied is then read whole on the new replica (prove_spool), by
logins as who may read it, and held against the digest of each message, over as many
connections as imap.connections allows. Large mailboxes are read in parts of up to
1,000 messages, and after a break only what was read in its last minute is read again.
Nobody can open the mailboxes of Sieve scripts, and what was deleted and is kept for a
while: those are not read. Where a message is not what it was, or a mailbox can't be
read, apply ends with its mailbox and UIDs; the new replica stays, and nothing is
promoted or dropped. Put those files from the master's spool into the replica's, and
apply --resume --yes reads again the parts that they are in, and nothing that was
proven before; or apply --rollback --yes removes the replica, and takes back what else
is begun. Without seed_command nothing is read: replication checks the digest of each
message that it sends.

A PROMOTION

apply first looks whether all replicas are like the master and behind by nothing. Then
it has the old master stopped, works off what that had logged, has the replica
promoted, routes all users of the store to it, and only then has the old master
started, as a replica. Its users are who is let in there and, where the inventory or
the journal has them on another store, is not let in on that one, or is routed here.
Who is let in on another store, too, and routed there, is left as he is, and where a
route may mean both nothing begins. Who is denied there, by somebody else than a move,
and routed there, by a name that means no other store, is routed like all others, and
stays denied; whom his route may send to another store, too, is left as he is, and
named. Until the first user is routed all is taken back when something fails, promote
too: then the hook is asked to stop the new master, if that leads already, to start it
as the replica that it was, and to start the old master. Where somebody has written to
the new master meanwhile that would be lost, and is not done. Routing is tried for as
long as max_denied allows. A store that is left offline is told in the last lines of
apply, with what to do, and by the exit status 2.

ROUTES

A move and a promotion route users anew, by routing_hook or, without that, by a change
of routing_file:

  routing_hook: [/usr/local/bin/route, "{file}"]

It runs on the machine of apply, and {file} has a line USER,FROM,TO for each user:

  anna,imap1,imap7
  smith, john,imap1,imap7

A place is named in one of four forms: by its server or its address, as the inventory
has them (server, imap), by the host of that address, or by its store. In which, the
routing says: routing_query is asked or else routing_file is read, before the first
unit begins. FROM is what that says of the user. TO has the form by which most users
of that store are routed; who has left an original there is none of them. Where nobody
is, it is the form by which those were who have left and may come back or, where there
are none, that of FROM, as far as such a name tells which instance is meant; else it
is the server or, where that has other instances too, the address. So one store is
named in one way. A store that is promoted keeps its form, unless that told its master
from others and would not any more.

The lines are decided once, when a unit begins, and kept in the database: those that
apply shows without --yes are those that are written, as long as nobody else changes
routes or roles before. Of a unit that comes after changes of its stores, such as one
of a later wave, it shows steps and lines as they are when these are made, and that it
is checked then. What can't be known before it says it does not know, and shows no
command for it: all steps between stores of which an instance is still to be made,
what the new master of a promotion sends to its replicas, and which lines a promotion
changes after users were moved to or from its store. On the way back, of a step or of
--rollback, a user gets as TO the FROM that stood there before, and FROM is what the
routing says of the user then: of a hook that failed it may be a third place. Who had
no route gets one.

A name may be that of several stores, such as the server of them all. A user who would
be routed from imap1 to imap1 is refused before anything is done, for nothing would
change: first have the routing name the users who are there by address, as apply says,
and then apply it.

A shared tree that moves has a line too, with its name in the inventory (interlace
show users); in routing_file its line is changed where there is one, and none is
added.

Exit status 0 says that all are routed. After 1 minute, or sooner where max_denied
allows less, the hook is ended, with all that it has begun on this machine but what
has cleared its environment. It may be asked for the same again, and for the way back,
and has then to do the rest, or nothing. Afterwards the routing is asked for each
user, but for shared trees, for up to 10 seconds, and a hook that did not do its work
has failed. The hook is always asked for the way back, whatever the routing says.
There a hook that fails keeps nobody out where all users are routed back all the same,
and the routing does not say otherwise of a shared tree; but where a hook has ended
with 0 that has to be so on the way back, too, for the routing may show late what it
has done. Where the routing has not shown what a hook was asked for, as one that is
replicated or one of which a hook that failed has changed a part, what was copied
stays, denied, so that mail that goes there is put off: until the routing has shown
that and the way back, or for twice max_denied after the hook has taken that. apply
says so, users are let in where they were, and --stop ends it. While the hook fails on
the way back, too, the unit is broken, and --resume asks the hook again; after a day
it is enough that the routing shows all where they were. Of a routing_file that could
not be written none of that is so. Where neither routing_query nor routing_file is set
nobody finds that out.

EXAMPLES

For instances that systemd runs as cyrus@STORE, as master -C /etc/cyrus/STORE.conf -M
/etc/cyrus/STORE.cyrus, and that are made from two files on each server, template.conf
and template.services, in which @STORE@, @IMAP@ and @CSYNC@ are filled in. The first
ends with @include: /etc/cyrus/@STORE@.channels, the second has a line # clients where
its START ends.

  #!/usr/bin/env python3
  # instance_hook: [/usr/local/bin/instance, "{action}", "{file}"]
  import json, re, subprocess, sys
  action, order = sys.argv[1], json.load(open(sys.argv[2]))
  store, here = order["store"], order["server"]
  master, *replicas = [i["server"] for i in order["instances"]]
  number = int(re.sub(r"\D", "", store))       # of store s001: ports 10001 and 20001
  imap, csync, etc = 10000 + number, 20000 + number, "/etc/cyrus/" + store
  def on(server, command, text=""):
      ssh = ["ssh", "-o", "BatchMode=yes", server, "set -e; " + command]
      subprocess.run(ssh, input=text, text=True, check=True, stdout=sys.stderr)
  def service(verb, server):
      on(server, f"systemctl {verb} cyrus@{store}")
  def put(server, file, text):                 # touches imapd.conf when it changes
      on(server, f"cat >{file}.new; if cmp -s {file}.new {file}; then exit; fi; "
                 f"mv {file}.new {file}; touch {etc}.conf", text)
  def configure(server):                     # the master of the others, or a replica
      to = {re.sub(r"\W", "_", r): r for r in replicas} if server == master else {}
      lines = [f"sync_log_channels: {' '.join(to)}"] if to else []
      for c, r in to.items():
          lines += [f"{c}_sync_host: {r}", f"{c}_sync_port: {csync}"]
      put(server, etc + ".channels", "".join(l + "\n" for l in lines))
      clients = [f'  {c} cmd="sync_client -C {etc}.conf -r -n {c}"\n' for c in to]
      on(server, f"cat >{etc}.clients; sed '/# clients/r {etc}.clients' "
                 f"{etc}.services >{etc}.cyrus", "".join(clients))
  if action == "create":
      on(here, f"cd /etc/cyrus; for f in conf services; do [ -e {store}.$f ] || sed "
               f"'s/@STORE@/{store}/g; s/@IMAP@/{imap}/; s/@CSYNC@/{csync}/' "
               f"template.$f >{store}.$f; done; install -d -o cyrus -g mail "
               f"/var/lib/cyrus/{store} /var/spool/cyrus/{store}")
      configure(here)
      service("enable --now", here)
      if here != master:                       # ends what logs for the others only
          configure(master)
          service("restart", master)
      print(f"imap: {here}:{imap}\ncsync: {here}:{csync}\nimapd_conf: {etc}.conf")
  elif action == "start":
      configure(here)
      service("enable --now", here)
  elif action == "stop":
      service("disable --now", here)
  elif action == "promote":
      for server in [*replicas, here]:
          configure(server)
      service("restart", here)
  elif action == "remove":
      service("disable --now", here)
      configure(master)
      service("restart", master)

It restarts the master of a store that gets or loses a replica, which interrupts its
users for a moment.

A seed_command for these instances, with all databases and sievedir in
/var/lib/cyrus/STORE and one partition in /var/spool/cyrus/STORE, for servers whose
root gets to that of the others by ssh:

  #!/usr/bin/env python3
  # seed_command: [/usr/local/bin/seed, "{store}", "{server}", "{file}"]
  import json, os, sys
  from subprocess import run
  store, here = sys.argv[1:3]
  master = json.load(open(sys.argv[3]))["instances"][0]["server"]
  conf, spool = "/var/lib/cyrus/" + store, "/var/spool/cyrus/" + store
  files = ["mailboxes.db", "annotations.db", "quotas.db", "user", "sieve"]
  def on_new(command):
      ssh = ["ssh", "-o", "BatchMode=yes", here]
      code = run([*ssh, command]).returncode
      if code:                                 # its last words are told
          sys.exit(1)
  on_new(f"systemctl stop cyrus@{store}")      # nothing of it runs meanwhile
  try:
      for path in [f"{conf}/{name}" for name in files] + [spool]:
          on_new(f"rsync -a --ignore-missing-args {master}:{path} "
                 f"{os.path.dirname(path)}/ || [ $? = 24 ]")
  finally:
      on_new(f"systemctl start cyrus@{store}")

The master goes on meanwhile: 24 says that it has removed files, and replication
brings what it has changed. Asked for again, rsync copies only what differs.

AFTERWARDS

discover asks the instances that the inventory names, so it finds no new one: write
the instances into the fleet file as apply says, and import it if the inventory is
in the database; until then import and discover warn of it. A fleet file without the
key users leaves everybody whom discover has found where they are. If yours names
users, let interlace export DIR write one with all that is known now, and change the
instances there. After the import, interlace discover brings all else up to date.
`
