// Package compare compares masters with their replicas over IMAP.
//
// [Store] compares one store's master with one of its replicas:
//
//	comparison, err := compare.Store(ctx, compare.Pair{Store: "s1", Master: m, Replica: r}, compare.Options{Level: monitor.CompareAccounts})
//
// It looks in a ladder. The counters and checksums of all mailboxes come in bulk;
// what differs there is looked at again, since a change may be on its way, and
// what still differs is read message by message to name what it is. Higher levels
// look at more where nothing differs.
//
// A difference is believed when it stood still: the counters of both sides did
// not move between two looks, as often as we look where the master is ahead; or it
// cannot come from a change on its way. What the replica may still get is a
// difference only when the replica was seen to have everything that was changed
// until it stood still ([Options.Carried]), and it differs behind that, too.
//
// The level of the users looks at each mailbox as its readers are shown it, by
// logins as them. That of the spool has each side read a sample of its own files,
// and says how many damaged ones there are at most.
//
// Nothing is changed on either side; inventory/cyrus refuses to send what changes.
// Nobody logs in as a user without an INBOX, or by a name that a login may fold to
// another one, since Cyrus may create what is missing. A user whose INBOX comes or goes
// is in flight.
// Cyrus itself makes two kinds of empty databases when it is asked for what would
// be in them: what a user has seen, and annotations of messages.
package compare
