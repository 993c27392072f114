// Package lab starts machines for tests: Debians that run under systemd, each in a container of systemd-nspawn, on a
// network of their own that leads nowhere else. They are enough of a host for a kubelet and its pods.
//
// A lab is found again by its name: what a run that was killed left behind is taken down by the next.
package lab
