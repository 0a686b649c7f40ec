// Package moves orders a plan's changes into waves.
package moves
