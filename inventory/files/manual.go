package files

// Manual tells people how a fleet file is written: every key, what it means and
// what holds without it.
const Manual = `A fleet file describes servers, stores and users in YAML, and names the CSV
files that hold large tables. "interlace demo DIR" writes one to start from,
"interlace export DIR" one of what the database holds.

  format: 1
  resources:
    disk: {unit: bytes, replica: 1, ceiling: 0.85}
    io: {unit: ops/s, replica: 0.5, cold: 1.5, failure_ceiling: {server: 0.9}}
  spread: [rack]
  survive: [server]
  copies: 2
  sharing: {anyone: ignore, group: tie, rights: any, ignore: [archive, backup]}
  servers:
    - {name: imap1, domains: {rack: a1, site: ny}, capacity: {disk: 8TB, io: 90}}
    - {name: imap2, domains: {rack: a2, site: la}, capacity: {disk: 8TB, io: 90},
       slots: 40, state: active, bandwidth: 125MB/s, transfers: 2}
  stores:
    - name: s001
      capacity: {disk: 400GB}
      base: {io: 5}
      instances:
        - {server: imap1, role: master, imap: "imap1:143", csync: "imap1:2005"}
        - {server: imap2, role: replica, imap: "imap2:143"}
  users:
    - {user: anna, store: s001, disk: 10GB, io: 2}
    - {user: bob, store: s001, disk: 2GB, io: 0.5}
  shares:
    - {owner: anna, folder: plans, grantee: bob, rights: lrs}

Only format, servers and stores must be there. An unknown key, an alias, an
anchor and a name that is there twice are mistakes; all of them are told at
once.

VALUES

Sizes are whole numbers of bytes, or decimals with B kB MB GB TB PB (steps of
1000) or KiB MiB GiB TiB PiB (steps of 1024): 400GB, 12TiB. A bandwidth is a
size and /s: 125MB/s. Other numbers are decimals from 0 on. Factors and
ceilings are parts of one: 0.85 is 85 %. Names of servers, stores, levels,
domains and resources are 1 to 63 letters, digits, dots, hyphens and
underscores, and begin with a letter or digit.

THE FLEET

  format           1
  resources        what is used up on servers, at most 8; without it disk
                   (bytes, replica 1) and io (ops/s, replica 0.5)
  spread           levels at which the instances of a store lie apart; without
                   it they are merely on different servers
  survive          levels of which any one domain may fail and no survivor be
                   above its failure ceiling; without it [server]
  copies           instances of each store, its master among them; without it
                   as many as each has now
  sharing          which shares tie users to one store
  servers, stores  a list, or the name of a CSV file: servers.csv,
                   servers.csv.gz
  instances        the name of a CSV file with the addresses of instances
  users, shares, groups
                   a list, or the name of a CSV file; paths are relative to
                   the fleet file

RESOURCES

  unit             bytes makes its values sizes; all else is shown as it is
  replica          what part of a store's load a replica weighs; without it 1.
                   Below 1, load grows where a replica is promoted; from 1 on
                   it does not
  cold             how many times its load a store weighs in the first hour
                   after it was promoted, at least 1; without it 1
  ceiling          what part of a server's capacity may be used; without it
                   0.85
  failure_ceiling  the same after a failure at a level in survive, a number or
                   numbers by level: {server: 0.9, rack: 1.0}; without it, and
                   for levels that it does not name, 1.0. It means nothing
                   where replica is 1 or more

SPREAD AND SURVIVE

A level is a kind of failure domain, a label that servers bear in domains:
rack, site, power. Every server is a domain of level server by itself. A
server without a label at a level counts there as a domain of its own.

  spread: [rack]                 all instances of a store in different racks
  spread: [rack, power]          and on different power, too
  spread: {rack: all, site: 2}   all in different racks, and in at least 2 sites
  survive: [server, rack]        any one server may fail, and any one rack

A number asks for so many different domains at least, all or a level in
brackets for as many as there are instances: three copies under spread: [site]
need three sites.

SHARING

  anyone           ignore: a folder open to anyone ties nobody; the only
                   choice
  group            tie or ignore: whether a grantee group:NAME ties the owner
                   and all members of the group; without it tie
  rights           any: every share with any right ties; the only choice
  ignore           owners and grantees that never tie, a list; without it
                   nobody

SERVERS

  name             must be there
  domains          a label by level: {rack: a1, site: ny}
  slots            room for so many instances; without it any number
  capacity         of every resource, above 0; must be there
  state            active, drain (is to be emptied) or down; without it active
  bandwidth        for copying; without it 125MB/s
  transfers        how many copies run at once; without it 2

STORES

  name             must be there
  capacity         the most that its users may use, by resource; without it
                   any
  base             load beside that of its users, by resource; without it 0
  state            active or drain (its users are to move away); without it
                   active
  pinned           true: its instances neither move nor change role; without
                   it false
  copies           instances of this store; without it the copies of the fleet
  only             domains that may carry it, by level: {site: [ny]}
  instances        server and role (master or replica) of each, the replicas
                   in the order in which they are promoted. For discover,
                   checks and the rule alike also imap, csync, imapd_conf,
                   sync_dir, log, version, separator, virtdomains,
                   conversations, partitions

USERS, SHARES, GROUPS

  user, store      must be there
  disk, io, …      load in each resource; without it 0
  kind             user, or shared: a mailbox outside any user; without it
                   user
  pinned           true: stays on its store; without it false
  moved            the date of its last move: 2026-01-31
  estimated        resources whose load was not measured: [io]
  messages, mailboxes
                   how many; without it not known
  owner, folder, grantee, rights
                   of a share; grantee is a user, group:NAME or anyone
  group, member    of a group that shares name

CSV TABLES

The first line names the columns, in any order: user,store,disk,io. Keys of
keys are written with a colon, lists with spaces between:

  servers    name, slots, state, bandwidth, transfers, domain:rack,
             capacity:disk, capacity:io, …
  stores     name, master, replicas, state, pinned, copies, capacity:disk,
             base:disk, only:site, …
  instances  store, server, role, imap, csync, imapd_conf, sync_dir, log,
             version, separator, virtdomains, conversations, partitions
  users      user, store, disk, io, …, kind, pinned, moved, estimated,
             messages, mailboxes
  shares     owner, folder, grantee, rights
  groups     group, member

A fleet file may have 8 MiB; what is larger goes into CSV. A name that ends in
.gz is unpacked.`
