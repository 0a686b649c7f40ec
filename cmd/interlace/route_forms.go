package main

import (
	"net"

	"github.com/interlacemail/interlace/inventory"
)

// form is a kind of names by which whoever routes users names places.
type form int

const (
	unformed  form = iota
	byStore        // the store, whichever of its instances is the master
	byAddress      // the address of the IMAP service
	byServer       // the server, as the inventory names it
	byHost         // the host of that address, without the port
)

// formAt returns the form in which an instance of a store is named.
func formAt(name string, in inventory.Instance, store inventory.StoreID) form {
	switch name {
	case "":
		return unformed
	case string(store):
		return byStore
	case in.IMAP:
		return byAddress
	case string(in.Server):
		return byServer
	case hostOf(in):
		return byHost
	}
	return unformed
}

// name names an instance of a store; empty where it has no such name.
func (f form) name(in inventory.Instance, store inventory.StoreID) string {
	switch f {
	case byStore:
		return string(store)
	case byAddress:
		return in.IMAP
	case byServer:
		return string(in.Server)
	case byHost:
		return hostOf(in)
	}
	return ""
}

// tells reports whether an instance of a store has such a name, and no other has it.
func (f form) tells(inv *inventory.Inventory, in inventory.Instance, store inventory.StoreID) bool {
	switch f {
	case byServer, byHost:
		return f.name(in, "") != "" && !f.shared(inv, in)
	}
	return f.name(in, store) != ""
}

// shared reports whether another instance has the same name.
func (f form) shared(inv *inventory.Inventory, in inventory.Instance) bool {
	for i := range inv.Stores {
		for _, other := range inv.Stores[i].Instances {
			if other.IMAP != in.IMAP && f.name(other, "") == f.name(in, "") {
				return true
			}
		}
	}
	return false
}

// usual is the form of an instance of which nothing is known: its server or, where that has
// others too, the address.
func usual(inv *inventory.Inventory, in inventory.Instance) form {
	if in.IMAP != "" && byServer.shared(inv, in) {
		return byAddress
	}
	return byServer
}

// hostOf is the host of the instance's IMAP service, without the port.
func hostOf(in inventory.Instance) string {
	host, _, _ := net.SplitHostPort(in.IMAP)
	return host
}

// storeOf is the store of an instance; empty where the inventory does not know it.
func storeOf(inv *inventory.Inventory, in inventory.Instance) inventory.StoreID {
	for i := range inv.Stores {
		if at := inv.Stores[i].On(in.Server); at != nil && at.IMAP == in.IMAP {
			return inv.Stores[i].Name
		}
	}
	return ""
}

// means reports whether a route names an instance: by its server, its address, the host
// of that, or its store.
func means(inv *inventory.Inventory, name string, in inventory.Instance) bool {
	return formAt(name, in, storeOf(inv, in)) != unformed
}
