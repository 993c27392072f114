#!/bin/sh
# range-checks PODS SERVICES tells what is wrong with the ranges of a cluster on this host:
# that they overlap, with each other or with the host's networks, or that its files name
# others. It fails if that has to be mended first, and changes nothing.
set -eu
pods=${1?usage: range-checks PODS SERVICES}
services=${2?usage: range-checks PODS SERVICES}
conf=/etc/kubernetes

# named KIND FILE KEY PROGRAM prints the ranges that a file names, if its program is installed.
named() {
	{ [ -e "$4" ] || [ -e "/opt${4#/usr}" ]; } && [ -e "$2" ] || return 0
	tr ',{}[]' '\n' <"$2" | sed -n "s|.*\"$3\"[[:space:]]*:[[:space:]]*\"\([^\"]*\)\".*|$1 $2 \1|p"
}

# networks prints those that this host is in, and its routes, but those of pods.
networks() {
	ip -4 -o address show | awk '{ print "network", $2, $4 }'
	ip -4 route show | awk '/^[0-9]/ && !/ proto kernel / { for (i = 2; i < NF; i++) if ($i == "dev") print "route", $(i + 1), $1 }'
}

{
	for range in $(echo "$pods" | tr , ' '); do echo "pods - $range"; done
	for range in $(echo "$services" | tr , ' '); do echo "services - $range"; done
	named flannel $conf/flannel.json Network /usr/libexec/flannel/cni-config
	named bridge $conf/bridge.conflist subnet /usr/libexec/kubernetes/cni-bridge
	networks 2>/dev/null | grep -v -e ' lo ' -e ' cni0 ' -e ' flannel' -e ' kube-' || true
} | awk -v options={{.Options}} '
	function number(address,   parts) {
		split(address, parts, ".")
		return ((parts[1] * 256 + parts[2]) * 256 + parts[3]) * 256 + parts[4]
	}
	function size(range) { return 2 ^ (32 - (range ~ /[/]/ ? substr(range, index(range, "/") + 1) : 32)) }
	function first(range) { return number(range) - number(range) % size(range) }
	function holds(a, b) { return first(a) <= first(b) && first(b) + size(b) <= first(a) + size(a) }

	# A wide route leaves to pods what is theirs. Who is in a network takes the addresses for neighbours.
	function taken(range) { return range != "" && (holds(range, $3) || $1 == "network" && holds($3, range)) }
	function say(text) { print "range-checks: " text }
	function other_pods() {
		status = 1
		say("  for another range, set --cluster-cidr in " options "/kube-controller-manager of the master,")
		say("  and Network in /etc/kubernetes/flannel.json of each node")
	}
	function other_services() {
		say("  for another range, set --service-cluster-ip-range in " options "/kube-apiserver and")
		say("  " options "/kube-controller-manager of the master, and clusterDNS in /etc/kubernetes/kubelet.yaml of each node")
	}
	$3 ~ /:/ { next } # IPv6
	$1 == "pods" || $1 == "services" {
		if ($3 !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+\/[0-9]+$/) {
			say($3 ", the range of " $1 ", is not one such as 10.244.0.0/16")
			exit status = 1
		}
		if ($1 == "pods")
			pods = $3
		else
			services = $3
		if (pods != "" && services != "" && (holds(pods, services) || holds(services, pods))) {
			say("the range of pods, " pods ", and that of Services, " services ", overlap")
			other_pods()
			exit
		}
	}
	$1 == "network" || $1 == "route" {
		if (taken(pods)) {
			say("the range of pods, " pods ", overlaps with the " $1 " " $3 " of this host (" $2 ")")
			other_pods()
			if ($1 == "route")
				say("  if the route is left of another cluster: ip route delete " $3)
		} else if (taken(services)) {
			say("warning: the range of Services, " services ", overlaps with the " $1 " " $3 " of this host (" $2 "):")
			say("  a Service can get an address that another host has")
			other_services()
		}
	}
	$1 == "flannel" && pods != "" && !holds($3, pods) || $1 == "bridge" && pods != "" && !holds(pods, $3) {
		say($2 " names " $3 ", and pods have addresses of " pods)
		status = 1
		say("  " ($1 == "flannel" ? "set Network there to " : "set subnet there to a part of ") pods)
	}
	END { exit status }' >&2
