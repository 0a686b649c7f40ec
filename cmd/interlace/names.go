package main

import (
	"github.com/interlacemail/interlace/inventory"
)

func serverNames(inv *inventory.Inventory) []inventory.ServerID {
	return namesOf(inv.Servers, func(s *inventory.Server) inventory.ServerID { return s.Name })
}

func storeNames(inv *inventory.Inventory) []inventory.StoreID {
	return namesOf(inv.Stores, func(s *inventory.Store) inventory.StoreID { return s.Name })
}

func userNames(inv *inventory.Inventory) []inventory.UserID {
	return namesOf(inv.Users, func(u *inventory.User) inventory.UserID { return u.Name })
}

func namesOf[T any, ID ~string](list []T, name func(*T) ID) []ID {
	names := make([]ID, len(list))
	for i := range list {
		names[i] = name(&list[i])
	}
	return names
}
