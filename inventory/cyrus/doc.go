// Package cyrus speaks to one Cyrus server over IMAP.
//
// An administrator of the server reads everything that an inventory needs in
// one call over one connection:
//
//	snapshot, err := cyrus.Read(ctx, cyrus.Options{
//		Address: "imap1.example.org:143", User: "admin", Password: password,
//	})
//
// A [Client] also tells what two copies of a mailbox are compared by: [Client.Marks]
// of a whole instance, [Client.Records] of a mailbox, and on a connection As a user
// what that user sees ([Client.View]), messages, and what is in their files.
//
// Nothing is changed on a server but by [Client.Remove]: below all other code a guard
// refuses every command that is not on a short list of those that only read.
//
// Connecting, logging in, capabilities, namespace, quotas and single access
// lists are done by go-imap, which has typed commands for them. It has none for
// what a whole instance must be asked in bulk, drops answers it did not expect,
// and waits for ever for a silent server. So it does not hold the connection
// itself: a wire stands between it and the network, which limits the time and
// the bytes of each command and can hand the connection over, for one command,
// to a strict reader of our own. The most important commands that it sends are LIST
// with the status of all mailboxes (RFC 5819), and SYNCGET, the reading half of
// Cyrus's replication protocol, which imapd offers to administrators and which
// tells internal names, access lists, partitions and quota roots of 500
// mailboxes at a time (imap/sync_support.c in Cyrus 3.6).
//
// A server is not trusted: its answers are limited in length, depth and time,
// every name must be one that was asked for, numbers must lie in the ranges of
// RFC 9051, 7162 and 8438, and each error names the server.
package cyrus
