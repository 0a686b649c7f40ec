package main

import "github.com/spf13/cobra"

// monitorTopics are helps about the monitor, which are no commands.
func monitorTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "monitor", Short: "How the monitor is set up on mail servers", Long: monitorManual},
		{Use: "logs", Short: "Which logs are read, and how to say what their lines mean", Long: logsManual},
		{Use: "recovery", Short: "When watch works off a sync log, and what it has to know for that", Long: recoveryManual},
		{Use: "instances", Short: "What apply asks of the command that makes and changes instances", Long: instancesManual},
	}
}

const monitorManual = `interlace watch runs on each mail server, looks at the Cyrus instances that the
inventory has there, keeps what it sees in a database and tells what is wrong. This
sets it up. "interlace help config" explains every key of the configuration,
"help alerts" who is told what, "help logs" which logs are read, "help recovery"
what watch may do by itself, "help fleet" the fleet file.

THE ACCOUNT

watch runs as the account of Cyrus, which most distributions call cyrus: the sync
logs are Cyrus' own, and nobody else may see which files its processes have open.
Another account needs the capabilities CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; with
the second it can read all mail. To read the journal of systemd the account must be
in the group systemd-journal; files such as /var/log/mail.log want the group adm on
Debian.

Run as this account also whatever makes or fills the database: import, discover,
alerts silence, alerts acknowledge. Files that root has made are root's, and watch
cannot write them.

THE FILES

  install -d -m 755 /etc/interlace
  install -d -m 750 -o cyrus -g mail /var/lib/interlace

In /etc/interlace/interlace.yaml, which the account must be able to read:

  db: /var/lib/interlace/interlace.db
  fleet: /etc/interlace/fleet.yaml
  mail:
    smtp: "relay.example.org:587"
    from: interlace@example.org
    to: [ops@example.org]
  logs: {journal: [--unit=cyrus-imapd]}

In /etc/interlace/fleet.yaml, which may be the same on all servers, imapd_conf is
what watch cannot do without; log stands where an instance has a mail log of its
own, and csync and imapd_conf of the replica are for recovery:

  format: 1
  servers:
    - {name: imap1, capacity: {disk: 8TB, io: 2000}}
    - {name: imap2, capacity: {disk: 8TB, io: 2000}}
  stores:
    - name: s001
      instances:
        - {server: imap1, role: master, imap: "imap1:143",
           imapd_conf: /etc/cyrus/s001.conf, log: /var/log/cyrus/s001.log}
        - {server: imap2, role: replica, imap: "imap2:143", csync: "imap2:2005",
           imapd_conf: /etc/cyrus/s001.conf, log: /var/log/cyrus/s001.log}

Which of the servers this one is says the name of the host, or server in the
configuration. Without the key fleet, the inventory in the database counts:

  sudo -u cyrus interlace import fleet.yaml

BEFORE IT MATTERS

  sudo -u cyrus interlace config show     # are there mistakes
  sudo -u cyrus interlace watch --once    # what is wrong now; tells nobody
  sudo -u cyrus interlace alerts test     # does mail arrive

THE SERVICE

In /etc/systemd/system/interlace-watch.service; leave out of SupplementaryGroups
the groups that this host does not have:

  [Unit]
  Description=interlace watches the Cyrus instances of this server
  Wants=network-online.target
  After=network-online.target

  [Service]
  Type=notify
  User=cyrus
  Group=mail
  SupplementaryGroups=systemd-journal adm
  ExecStart=/usr/local/bin/interlace watch
  WatchdogSec=2min
  Restart=on-failure
  RestartSec=10s
  StateDirectory=interlace
  StateDirectoryMode=0750

  [Install]
  WantedBy=multi-user.target

Then start it, and look at what it says and finds:

  systemctl daemon-reload
  systemctl enable --now interlace-watch
  journalctl -u interlace-watch
  sudo -u cyrus interlace lag
  sudo -u cyrus interlace alerts

It reads the inventory again when that has changed. One with mistakes is a warning
(inventory_stale) that says where they are; until it is right, watch goes on with the
one before. What interlace apply changes of stores, with the same database, counts at
the next look, before the fleet file says it. After a change of the configuration
restart it: "interlace config show" says before what is wrong with it, and watch the
same when it starts. It ends within 10 seconds, and begins where it ended: no line of
a log is told twice, and no alert is forgotten.

ARE THE COPIES TRUE

watch can also compare the masters on its server with their replicas, as interlace
compare does: over IMAP, as the administrator that imap names, whose password the
account of watch must be able to read. It is off until it has an interval:

  imap: {user: admin, password_file: /etc/interlace/imap-password}
  probes: {compare: {every: 1h, within: 7d, window: "22:00-05:00"}}

Each time it compares those of whom a difference is open, those whose mailboxes an
alert names, and a share of the others, so that everybody is compared within 7 days.
A store that is behind is left for later, and one of which it is not known which
instance leads it is left out, and told. interlace compare --known shows what is
known; what differs is an alert until a comparison finds it equal. watch --once
compares nobody and says what is known.

SEVERAL SERVERS

Each mail server has a database of its own, on a local disk; there is none yet that
several share. So lag, alerts and show loads know what was seen on the server on
which they run. Stores whose masters are on others are unknown to its lag, which
--server leaves out. What apply changes is in the database that it has: a watch with
another one goes by the fleet file. To see all of them:

  for s in imap1 imap2; do
    ssh "$s" sudo -u cyrus interlace lag --server "$s"
  done

Each watch sends its own mail. One Alertmanager may hear them all
(alerts.alertmanager). interlace discover --measured takes over what was measured on
the server where it runs.`

const logsManual = `interlace watch follows the logs of Cyrus, knows about 300 kinds of lines, and tells
those that mean trouble with what to do, together with those that nobody knows.
This is about which logs are read, and about lines that only you know.

WHICH LOGS

  log              of an instance in the inventory: a file that it has for itself
  logs.files       in the configuration: files that several instances share
  logs.journal     in the configuration: the journal of systemd, as arguments of
                   journalctl that select what is Cyrus', such as
                   [--unit=cyrus-imapd]

Name each line's log once: what stands in a file and in the journal is told twice.
A log is read from its end when it is first seen, then from where it was left,
through rotation by renaming or copying, and while interlace does not run. One that
is not there or cannot be read is told.

A line belongs to the instance whose own log it stands in, in the journal to the one
whose master runs as the service that wrote it (cyrus@s1.service, if no other does),
else to the one with its prefix (syslog_prefix in imapd.conf, s1 in s1/imap[812]),
else to the one whose process wrote it, else to nobody.

LINES THAT ARE KNOWN HERE

logs.patterns in the configuration names a table. Each line of it has eight cells
with one tabulator between two; lines that begin with # say nothing. This adds a row
for a harmless line:

  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
    lmtp,imap info - - 'our hook says {what}' \
    'our hook says hello' 'the hook works' - \
    >> patterns.tsv

  processes        who writes it: the name behind the prefix, imap in s1/imap[812];
                   several with commas between, or * for all of Cyrus
  severity         info (it is known, and not told), warning or critical
  kind             the kind of the alert, - for log_line
  rule             - or some of these, with a blank between: over=N, only more
                   than N such lines a minute are told; by=NAME, those are counted
                   and told apart for each text in the hole {NAME};
                   milestone=expire, it says that cyr_expire has done its work;
                   milestone=reconstruct, that reconstruct changed mailboxes here
  pattern          how the message behind the tag begins. A hole, {name}, stands
                   for any text. In {file} a sync log says which channel it is;
                   what sync_client says in {mailbox} and {user} is named with
                   the trouble of a batch in the same minute
  example          a message that the pattern must match, or -
  meaning          what it means, for people; {name} is what the line has there
  remedy           what to do about it, or -

Rows of yours come before those that interlace brings. Of several that match a line
the one with the longest text counts.

TRYING PATTERNS

  interlace watch --read /var/log/mail.log
  interlace config show

The first reads a log from its beginning, says what would be found in it with the
patterns of the configuration, and keeps and tells nothing: a line that is still
unclassified was not matched, and one that a row calls info is not listed. The
second says which rows are wrong, among them those that do not match their example.
watch reads the table when it starts.`

const recoveryManual = `A sync log that nobody works on is a replica that falls behind for good. watch finds
such logs and says which command works them off. It runs that command itself where
the configuration has recover: allow, and for one store, now, when you say

  interlace watch --recover s0214

A client on a server that is not the master any more overwrites newer mail. So all
of this must be so, and what cannot be asked is a no:

  - the inventory, with what plans have changed since, has the master of the store on
    this server
  - the routing names this server for users of the store
  - the processes on the replica's server are those of a replica
  - the instance has been the master for a day, as far as watch has seen; where it
    has watched for less, only --recover believes you
  - no living process holds the log, and nothing else works on it

What was done, or why not, stands in the text of the alert; what was done is also
kept in the database. Where the routing names another server, or the replica sends
changes as a master does, no alert gives a command that starts a client, whether
recovery is allowed or not.

WHAT IT TAKES

  configuration    routing_file or routing_query; runner.argv, where the replica is on
                   another machine; sync_client, where that is not found by itself, or
                   sync_restart; recover: allow, for watch to do it by itself
  inventory        imapd_conf of the master and of the replica; csync of the replica,
                   as the master's imapd.conf has it (sync_host, sync_port);
                   some users of the store

All that is missing of it is named at once: of the configuration by "interlace config
show" and when watch starts, of a store when its log is to be worked off. An inventory
that could not be read again (inventory_stale) is a no.

THE ROUTING

routing_file has a line for each user, and nothing else but empty lines:

  anna,imap1
  bob,imap1
  carla,10.0.0.7:143

Behind the last comma stands where he is served now: the name of a server in the
inventory, or the address of the store's instance there as imap in the inventory
has it, with its port, or without where no other instance of the store has that
host. The name of a store says nothing, since it stays when another server becomes
its master. Some users of the store are looked up; all
must be there, and name this server. Replace the file as a whole (mv), so that no
half of it is ever read.

routing_query is a command that prints the same for one user, {user} in its words,
in its first line. It runs without a shell, within 30 seconds; another exit status
than 0, or no line, is a no. Where it is set routing_file is not read.

  routing_query: [/usr/local/bin/server-of, "{user}"]

THE REPLICA

The inventory must have csync and imapd_conf of the replica. What runs on its server
is asked with ps and readlink behind the words of runner.argv, so the account of
watch must be able to log in there without a password:

  runner: {argv: [ssh, -o, BatchMode=yes, "{server}", --], quote: sh}

WHAT IS RUN

Without sync_restart, sync_client -r -1 with the instance's -C and, for a channel
with a name, -n, again and again until nothing waits; it may take 10 minutes. Where
the replica refuses something it is run once, and that has failed. What Cyrus 2.3
has left behind as log-PID goes through sync_client -r -f FILE, and the file is
removed when that has worked. With sync_restart that command is run instead, {store}
in its words:

  sync_restart: [systemctl, restart, "sync-client@{store}"]

It runs as the account of watch, which therefore needs the right to do so.`
