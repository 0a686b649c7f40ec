// Package inventory describes the fleet: servers, failure domains, stores, instances, users, shares and resources.
//
// It holds vocabulary only: plain types, units and validation, without I/O and
// without algorithms. The packages below it read these types from files, from
// the database or from live servers; the packages planner and monitor build on
// them. Slices are sorted by ID ([Inventory.Sort]); nothing here depends on the
// order in which an inventory was written down.
//
// The words, one per idea, in code, command line, page and tests:
//
//   - server: a host. Level: a kind of failure domain (rack, power, site);
//     "server" is the lowest level and reserved. Failure domain: what fails
//     together (rack=a1).
//   - store: what users are assigned to. Instance: one Cyrus of a store on one
//     server, in the role master or replica; replicas are ordered, the first is
//     promoted first. Slot: room for one instance on a server.
//   - user: a mail user. Shared tree: a top-level shared mailbox outside any
//     user; it has load, store and share group like a user. Share: a folder that
//     an owner opened to a grantee. Share group: users tied by shares, directly
//     or through others, who move together.
//   - resource, load, capacity, ceiling, headroom, utilisation: what is used,
//     how much of it, how much there is, how much of that may be used, what is
//     left, and load over capacity.
//   - partners of a server: the servers with which it shares a store. Scatter:
//     how many of them a server may have.
//   - layout: which servers carry each store's instances. Assignment: which
//     store has each user. Change, wave, plan: one step, steps carried out
//     together, all of them with what they promise.
//   - rule and violation, bound and gap, failure and impact. Outage: a server is
//     away and comes back with its data. Loss: its disks are gone, or the last
//     copy of a store. Occasion: one failure with all that it takes with it.
//   - probe, sample, backlog, lag, finding, alert (pending, firing, resolved),
//     compare (master against replica), confirm (a plan did what it promised).
package inventory
