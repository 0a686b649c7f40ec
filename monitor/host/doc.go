// Package host works on one Cyrus instance through the programs of its server.
//
// A [Host] runs Cyrus's own programs, and a few of the system's, word by word: it keeps users
// out and lets them in, copies them to another instance over a [Link], looks at processes,
// sync logs and disks, and keeps a [Claim] beside the instance. It knows nothing of plans. What
// it is asked for belongs to a unit, which it knows by a name for its files there
// ([FileName]): it lets in whom that unit has denied, and ends what an earlier run of that has
// left behind.
package host
