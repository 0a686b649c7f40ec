package main

const instancesManual = `interlace apply itself never edits an imapd.conf or a cyrus.conf, and starts and stops
nothing. What a layout plan changes a command of yours does, instance_hook, and apply
says when, waits for it, and looks whether it is done:

  instance_hook: [instance, "{action}", "{store}", "{server}", "{role}", "{file}"]

It runs on the machine of apply. {role} is what the instance there is afterwards,
master or replica; {file} holds in JSON the store's instances as they are afterwards,
the master first, each with server, role, imap, csync and imapd_conf. Exit status 0
says that it is done. Each action may be asked for again when it is done already, or
half done: then it does the rest. It may take 10 minutes.

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
  data is removed is up to the command; apply says whether it is still there.

A NEW REPLICA

Between create and start apply copies all users, several at the same time
(apply.streams). Where that takes too long seed_command may copy files first:

  seed_command: [seed, "{store}", "{server}", "{file}"]

It runs after create, and again after a break. Replication then copies only what is
missing. What is not replicated at all is not copied: duplicate and vacation
databases, search indexes, passwords.

A PROMOTION

apply first looks whether all replicas are like the master and behind by nothing.
Then it has the old master stopped, works off what that had logged, has the replica
promoted, routes all users of the store to it, and only then has the old master
started, as a replica. Up to the promotion all is taken back when something fails.

AFTERWARDS

discover asks the instances that the inventory names, so it finds no new one: write
the instances into the fleet file as apply says, and import it if the inventory is
in the database. A fleet file without the key users leaves everybody whom discover has
found where they are. If yours names users, let interlace export DIR write one with
all that is known now, and change the instances there. After the import, interlace
discover brings all else up to date.
`
