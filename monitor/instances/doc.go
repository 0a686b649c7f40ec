// Package instances finds the Cyrus instances of this server and reads their configuration.
//
//	list := instances.On(inv, "imap1")
//
// The inventory says which instances a server carries and in which role; their
// imapd.conf (imapd.conf(5)) says the rest: where the sync logs are, which
// channels there are and who reads them, where mail lies. What cannot be read
// is said in the instance itself, so that one bad file hides no other instance.
package instances
