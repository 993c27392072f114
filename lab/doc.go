// Package lab boots machines for tests: Debian systems with systemd, on a network of their own without a route to any
// other. Each runs under systemd-nspawn, which is enough for a kubelet and its pods, or in a virtual machine, which has
// its own kernel and is slower.
//
// A lab is identified by its name: the next run removes what a killed run left behind.
package lab
