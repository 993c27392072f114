// Package lab starts machines for tests: Debians that run under systemd, on a network of their own
// that leads nowhere else. Each is in a container of systemd-nspawn, which is enough of a host for a kubelet and its
// pods, or in a virtual machine, which has a kernel of its own and takes its time.
//
// A lab is found again by its name: what a run that was killed left behind is taken down by the next.
package lab
