// Package sharing finds the groups of users whose shared folders tie them to one store.
//
// A folder that its owner opened to somebody can only be reached by them while
// both live on the same store. [Groups] returns the sets of users who must
// therefore move together, [Unknowns] the names that shares mention and the
// fleet does not have, [Largest] and [Oversized] what to know about the groups
// before moving them, and [Cuts] which shares would have to go for a group to
// fall into smaller ones.
//
// A share ties its owner and its grantee when both are users or shared trees,
// the identifier is not negative (a leading "-", RFC 4314 section 2) and the
// rights are not empty. A grantee group:NAME ties the owner and all members,
// unless the policy ignores groups; a group that no share names ties nobody.
// anyone, anonymous and ignored names never tie, be they owner, grantee or
// member.
//
// Components are found by union-find with path halving (Tarjan, van Leeuwen,
// Worst-case analysis of set union algorithms, 1984): what is slow with a
// million users is to look their names up, not to unite them. A graph library
// is only asked where one group is shown or cut.
package sharing
