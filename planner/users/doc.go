// Package users assigns share groups to stores.
//
// [Assign] plans which users move to which store: the fewest bytes copied such
// that no store is above the target, drained stores end empty and groups that
// lie on several stores come together; or, for a budget, the lowest peak within
// it. It changes nothing where nothing is broken and nothing was asked for.
//
// A wished peak is a limit like the ceilings. Where it cannot be reached, stores
// above it come as low as they can, and none that is below it is pushed above it,
// not even to repair a rule: what then stays broken is a violation, and a warning
// says that a higher peak may repair it. With a budget the peak is only an aim.
//
// Users move only to stores whose master is up, and only from stores that have
// an instance that is: a store whose servers are all down can neither be read
// from nor written to. What should leave it stays, the rules that this leaves
// broken are violations of the plan, and a warning names the store.
//
// The method is shed and fill. Every store above its limit sheds the cheapest
// groups that bring it below: a covering problem, solved by prices and a search
// among the groups about which the prices are undecided ([bounds.Cover]). Since
// what a store must shed does not depend on where it goes, the sum of those
// problems is also the bound on bytes, and the plan is at the bound as far as
// the shed groups find a place. They are placed by falling size, each where the
// store is then least full (Graham 1969; for several resources Panigrahy,
// Talwar, Uyeda, Wieder 2011) and its servers keep their ceilings. A group that
// fits nowhere may push smaller ones out of a store, if these find a place.
//
// What leaves stays on the source's disk until it is removed there, days later
// (package moves). So stores whose disk suffices even if nobody leaves come
// first, and a torn group is gathered where it has room at once if that costs at
// most a tenth more than where it would have to wait. Nobody goes to where there
// would be no room even after all others have left and are removed, such as
// between two stores of one server that cannot hold both copies: what only a
// wished peak asks to move stays instead, and what a rule asks to move does
// nevertheless if that repairs the rule, with a violation of rule transient that
// says how full the disk would be. A plan without violations has an order.
//
// Servers are followed in whole numbers like stores: a store's load counts on
// its master's server, ρ times on those of its replicas, and once more on the
// server that promotes when a domain to survive fails. What is above a limit
// today may not grow. Servers above their ceilings are brought below them as far
// as it goes. Servers above their failure ceilings are too, each altogether or
// not at all, where that breaks nothing else and the budget allows it: users
// leave the stores that the server masters and those that it promotes in the
// failures in which it is too full, wherever that costs least. A layout plan may
// do the same by promotions, which copy nothing. So the plan says where users
// move for failure ceilings; who would rather promote plans a layout first and
// the users after it. The result is checked by package rules, and what would make
// anything worse there is undone.
//
// What stores carry their servers do, so users who move can undo what a layout
// was planned for. Where servers would carry more after a failure than the busiest
// one does today, those who arrived on the hottest of them are sent to the coolest
// other stores, first to those that then have room to grow, as long as no server
// becomes as hot and as far as that costs nothing: no byte, no user, no higher peak
// and no wait for room. The plan says before and after what a layout plan says of
// servers.
//
// A light plan moves as few users as it can. It leaves torn groups as they are,
// also where their members would have relieved a store or a server, and what that
// leaves broken of rule group_whole are warnings, as in a layout plan. Only stores
// that drain are emptied of torn groups, which then come together.
//
// Small fleets are searched besides: all assignments with one move, with two and
// so on, as far as a number of steps goes.
package users
