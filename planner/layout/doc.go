// Package layout chooses the servers that carry each store's master and replicas.
//
// A layout is interlaced when the replicas of one server's masters are spread
// over many others, so that the loss of any failure domain adds a little load
// everywhere rather than doubling it somewhere. [Optimize] looks for the layout
// whose worst survivor is least loaded, and for the cheapest way there:
//
//	plan := layout.Optimize(ctx, inv, layout.Options{Gap: 0.02})
//
// It climbs a ladder of rising cost and stops on the first rung that comes
// within the wished gap of the bound: repair what breaks a rule; promote
// replicas, which copies nothing; re-seed replicas and then masters one by one,
// for the servers above the goal only, the busiest first; lay out everything anew.
// Where the gap is out of reach, the cheapest layout that is within it of the best one
// found will do ([ladder.cheaper]). Where budgets limit the plan, the lowest level is
// looked for, by bisection, that they pay for, once they have paid for the gravest of
// what is broken. Fleets of a handful of stores are solved exactly
// ([bounds.Enumerate]). What then turns out not to be needed is undone, and what no
// order can carry out is left out where it may be.
//
// Where not all rules can be kept the gravest are ([standing]): what is broken in normal
// operation counts before what a failure would break, and spread gives way to the former
// where it must, to failure ceilings only if all of them are kept then. A layout that an
// order leads to is always preferred to one without. In tiny fleets all ways from today's
// layout are gone through, the cheapest first: for an order, for fewer bytes, and for what
// budgets pay for ([ladder.passed]).
//
// The search keeps, for every server, what it carries and the stores it would
// promote, so that a change is judged by looking at the two to four servers that
// it touches. The potential that guides it is the sum over servers of
// exp(κ·peak), straight above the goal, where the peak of a server is its
// utilisation after the failure that hits it worst: what lies above the goal is
// worth the same wherever it is, and what lies below hardly anything.
//
// New layouts are built by putting replicas of like size together (segregation):
// in every good layout balancing is easy and what is left of the gap is Σ G_b,
// which is small where one server promotes stores of one size only. Which servers
// promote which sizes, and how much of them, is read off the primal of the price
// bound ([bounds.Blueprint]); its prices also say where a master costs least. Then
// instances picked at random from the busier servers are moved, or exchanged with
// those that fit best in the room that there is on others, with a potential that
// counts what every server promotes at first and only the busiest servers in the end
// ([stages]). Where today's layout is far from the goal, a new one comes first.
//
// Small fleets are annealed beside that ([annealing]): with a handful of instances on each server
// no single change is better, and a chain of several is. Where disks are full in a circle,
// stores make detours on the way ([queue.detour]).
//
// Where servers are all alike, and stores too, a circulant graph says at once who
// promotes what for whom (Elspas and Turner 1970): every server looks like every
// other. It is filled with the best mixture of configurations ([bounds.Mixtures]);
// where no distance around the circle has a place for a store, along a shortest
// augmenting path (Ford and Fulkerson 1956).
//
// Where the scatter, the number of partners of a server, is limited, the pairs of
// servers that may share stores are decided first ([partners]): those that share most
// today, or a design by symmetric offsets among servers that are alike. Then stores
// are packed into the directions of the pairs, and trade places.
//
// All sums are whole numbers and all randomness comes from the seed: equal
// inventories, options and seeds give equal plans on any number of processors.
package layout
