#!/bin/sh
# kubernetes-join joins this host to a cluster as a node. Whatever can be found wrong
# is found before anything is changed, and a join that fails leaves nothing behind.
set -eu

conf=/etc/kubernetes
store=/var/lib/kubelet/pki
current=$store/kubelet-client-current.pem
settings=$conf/join.env
export NO_PROXY='*' # as the kubelet, which has none

usage() {
	cat <<END
usage: kubernetes-join ENDPOINT --token TOKEN --ca-hash sha256:HASH [--wait SECONDS] [-- ARGUMENT...]
       kubernetes-join [--wait SECONDS] [-- ARGUMENT...]
       kubernetes-join --check
Joins this host to a cluster as a node. kubernetes-token, on the master, prints the line to run.
  ENDPOINT   HOST:PORT of the API server
  --token    a token for joining nodes
  --ca-hash  the hash of the public key of the cluster's certificate authority
  --wait     how long to wait for the API server (default: 0)
  --check    only check the values, and say what is wrong with them
  ARGUMENT   for kubeadm's checks of this host, such as --ignore-preflight-errors=SystemVerification
Values that are not given are read from $settings: ENDPOINT=, TOKEN= and CA_HASH=.
END
}

say() { echo "kubernetes-join: $*"; }

fail() {
	echo "kubernetes-join: $*" >&2
	exit 1
}

wrong() {
	echo "kubernetes-join: $*: see kubernetes-join --help" >&2
	exit 2
}

endpoint=
token=
hash=
wait=0
check=
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--check) check=1 ;;
	--token=*) token=${1#*=} ;;
	--ca-hash=*) hash=${1#*=} ;;
	--wait=*) wait=${1#*=} ;;
	--token | --ca-hash | --wait)
		[ $# -gt 1 ] || wrong "$1 has no value"
		case $1 in
		--token) token=$2 ;;
		--ca-hash) hash=$2 ;;
		*) wait=$2 ;;
		esac
		shift
		;;
	--)
		shift
		break
		;;
	-*) wrong "there is no option $1" ;;
	*)
		[ -z "$endpoint" ] || wrong "there is more than one endpoint: $endpoint and $1"
		endpoint=$1
		;;
	esac
	shift
done
case $wait in
'' | *[!0-9]*) wrong "--wait $wait is not a number of seconds" ;;
esac
[ "$(id -u)" = 0 ] || fail "run it as root"
if [ -n "$check" ]; then
	[ ! -e $conf/kubelet.conf ] || exit 0 # it is a node
	if [ ! -e $settings ] && [ -z "$endpoint$token$hash" ]; then
		say "this host joins no cluster yet. Write ENDPOINT=, TOKEN= and CA_HASH=, as kubernetes-token on the master" \
			"prints them, to $settings; then: systemctl start kubernetes-join"
		exit 0
	fi
fi

# Values may be secrets, also those in the wrong place: no message repeats one.
faults=
fault() {
	faults=1
	echo "kubernetes-join: $*" >&2
}

# value GIVEN OPTION NAME PATTERN WANT leaves in value what is given or, without that,
# what the file sets, and tells what is wrong with it. The file is read, and not run.
value() {
	value=$1 at=$2
	if [ -z "$value" ] && line=$(grep -n "^$3=" $settings 2>/dev/null | tail -n 1) && [ -n "$line" ]; then
		at="$settings:${line%%:*}: $3"
		value=$(printf '%s' "${line#*=}" | tr -d "\"' \t\r")
		[ -n "$value" ] || fault "$at has no value: want $5"
	elif [ -z "$value" ]; then
		fault "$2 is missing, here and as $3= in $settings: run kubernetes-token on the master for it"
	fi
	[ -z "$value" ] || printf '%s\n' "$value" | grep -Eqx "$4" || fault "$at is not $5"
}

value "$endpoint" ENDPOINT ENDPOINT '([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?' \
	"HOST or HOST:PORT, with brackets around an IPv6 address"
endpoint=$value
value "$token" --token TOKEN '[a-z0-9]{6}\.[a-z0-9]{16}' "six and sixteen small letters or digits with a dot between"
token=$value
value "$hash" --ca-hash CA_HASH 'sha256:[0-9a-f]{64}' "sha256: and 64 hexadecimal digits"
hash=$value
others=$(grep -nEv '^[[:space:]]*(#|$)|^(ENDPOINT|TOKEN|CA_HASH)=' $settings 2>/dev/null | cut -d : -f 1)
for number in $others; do
	fault "$settings:$number: want ENDPOINT=, TOKEN= or CA_HASH= at the beginning of the line"
done
[ -z "$faults" ] || exit 2
[ -z "$check" ] || exit 0
case $endpoint in
*]:[0-9]* | *[!:]:[0-9]*) ;;
*) endpoint=$endpoint:6443 ;;
esac

host=$(uname -n | tr '[:upper:]' '[:lower:]')
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# hash_of FILE prints the hash of the public key of a certificate.
hash_of() {
	key=$(openssl x509 -pubkey -noout -in "$1") || return 1
	sum=$(printf '%s' "$key" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r)
	echo "sha256:${sum%% *}"
}

# authority FILE prints the certificate authority of a kubeconfig.
authority() {
	file=$(sed -n 's/^ *certificate-authority: //p' "$1")
	if [ -n "$file" ]; then
		cat "$file"
	else
		sed -n 's/^ *certificate-authority-data: //p' "$1" | base64 -d
	fi
}

# at_boot has the services of a node run at each boot.
at_boot() {
	units="kubelet.service kube-proxy.service"
	if systemctl cat flanneld.service >/dev/null 2>&1; then
		units="$units flanneld.service"
	fi
	# shellcheck disable=SC2086 # names of units
	systemctl enable --quiet $units
}

fit() {
	for tool in openssl systemctl; do
		command -v $tool >/dev/null || fail "$tool is not installed: install its package"
	done
	[ -d /run/systemd/system ] || fail "this host does not run systemd, by which kubernetes-join has the services of a node" \
		"started: use kubeadm join"
	for dir in $conf /var/lib/kubelet; do
		[ ! -d "$dir" ] || [ -w "$dir" ] || fail "$dir cannot be written to: is its file system mounted read-only?"
	done
	if [ -e $conf/kubelet.conf ]; then
		authority $conf/kubelet.conf >"$work/joined"
		if [ "$(hash_of "$work/joined")" = "$hash" ]; then
			link kubelet.conf $conf/kube-proxy.conf
			rm -f $conf/bootstrap-kubelet.conf
			at_boot
			# shellcheck disable=SC2086 # names of units
			systemctl start --no-block $units
			say "this host has joined that cluster already"
			exit 0
		fi
		fail "this host is a node of another cluster, as $conf/kubelet.conf says: run kubeadm reset first"
	fi
	if [ -e $conf/pki/ca.crt ] && [ "$(hash_of $conf/pki/ca.crt)" != "$hash" ]; then
		fail "$conf/pki/ca.crt is the certificate authority of another cluster: move it away, or check --ca-hash"
	fi
	socket=$(cat $conf/kubelet.yaml $conf/kubelet.d/*.conf 2>/dev/null |
		sed -n 's/[[:space:]]#.*//; s/^containerRuntimeEndpoint: *//p' | tail -n 1 | tr -d "\"' ")
	socket=${socket:-unix:///run/containerd/containerd.sock}
	[ -S "${socket#unix://}" ] || fail "no container runtime is at ${socket#unix://}: install containerd and start it," \
		"or name another socket as containerRuntimeEndpoint in $conf/kubelet.d"
	/usr/libexec/kubernetes/host-checks >&2 || true # with remedies, which kubeadm does not name
	if [ -e $conf/bootstrap-kubelet.conf ]; then
		say "an earlier join was interrupted: beginning anew"
		systemctl stop kubelet.service
		rm -f $conf/bootstrap-kubelet.conf
	fi
}

# reached asks the server, and prints what is wrong with its answer.
reached() {
	name=${endpoint%:*}
	printf 'GET /api/v1/namespaces/kube-public/configmaps/cluster-info HTTP/1.0\r\nHost: %s\r\n\r\n' "$name" |
		timeout 10 openssl s_client -connect "$endpoint" -quiet >"$work/answer" 2>"$work/log" || true
	if ! grep -q '^HTTP/' "$work/answer"; then
		if grep -q BIO_lookup "$work/log"; then
			echo "no address is known of $name: check the name, or use the server's IP address"
		else
			echo "no API server answers at $endpoint: check the address, that it runs there, and that no firewall is between"
		fi
		return 0
	fi
	date=$(sed -n 's/^[Dd]ate: *//p' "$work/answer" | tr -d '\r')
	theirs=$([ -z "$date" ] || date -d "$date" +%s 2>/dev/null || true)
	if [ -n "$theirs" ]; then
		off=$(($(date +%s) - theirs))
		case $off in
		-*) how="${off#-} seconds behind" ;;
		*) how="$off seconds ahead of" ;;
		esac
		if [ "${off#-}" -gt 120 ]; then
			echo "the clock of this host is $how the server's, and certificates hold for a time: set it"
			return 0
		fi
	fi
	if ! grep -q '^HTTP/[0-9.]* 200 ' "$work/answer"; then
		echo "the server at $endpoint does not publish what a node needs: check the address, or run kubernetes-setup" \
			"on its master"
	fi
}

uptime() { cut -d . -f 1 /proc/uptime; }

# server checks who answers at the endpoint, and keeps its certificate authority. It is
# asked before anything is known to verify the answer by: the hash verifies it.
server() {
	end=$(($(uptime) + wait))
	told=
	while fault=$(reached) && [ -n "$fault" ]; do
		[ "$(uptime)" -lt $end ] || fail "$fault"
		[ "$fault" = "$told" ] || say "waiting: $fault"
		told=$fault
		sleep 2
	done
	# The answer is JSON, with a kubeconfig in a string. No character of base64 is
	# quoted in it. What is before it repeats it: what was applied.
	sed -n 's/.*certificate-authority-data: \([A-Za-z0-9+\/=]*\).*/\1/p' "$work/answer" | tail -n 1 |
		base64 -d >"$work/ca.crt" 2>/dev/null || true
	found=$(hash_of "$work/ca.crt" 2>/dev/null || true)
	[ "$found" = "$hash" ] || fail "the certificate authority at $endpoint is not the one that is expected:" \
		"want $hash, and found ${found:-none}. Check the line that kubernetes-token printed; if it is right," \
		"somebody else answers at that address"
}

# asks KUBECONFIG ARGUMENT... runs kubectl. What it prints is in the files out and log.
asks() {
	file=$1
	shift
	/usr/bin/kubectl --kubeconfig "$file" --cache-dir "$work/cache" --request-timeout=10s "$@" >"$work/out" 2>"$work/log"
}

# admitted checks that the server knows the token, and no node of this name.
admitted() {
	cat >"$work/bootstrap" <<END
apiVersion: v1
kind: Config
clusters:
- cluster: {certificate-authority-data: $(base64 -w0 "$work/ca.crt"), server: "https://$endpoint"}
  name: cluster
contexts:
- context: {cluster: cluster, user: tls-bootstrap-token-user}
  name: join
current-context: join
users:
- name: tls-bootstrap-token-user
  user: {token: $token}
END
	if asks "$work/bootstrap" get --raw "/api/v1/nodes/$host"; then
		# A join that was interrupted can leave the node of this very host, as it runs now.
		! grep -q "\"bootID\": *\"$(cat /proc/sys/kernel/random/boot_id)\"" "$work/out" || return 0
		fail "the cluster has a node named $host: give this host another name, or, if that node is gone," \
			"run on the master: kubectl delete node $host"
	fi
	case $(cat "$work/log") in
	*NotFound* | *'not found'*) ;;
	*x509*)
		cat "$work/log" >&2
		fail "the certificate of the server is not for $endpoint, or not valid now:" \
			"use the address that kubernetes-token printed, and check the clocks"
		;;
	*Unauthorized* | *'must be logged in'* | *'provide credentials'*)
		fail "the cluster does not know the token, or it has expired: run kubernetes-token on the master for another"
		;;
	*)
		cat "$work/log" >&2
		fail "the cluster does not let nodes join: run kubernetes-setup on its master"
		;;
	esac
}

# ranged reads the ranges of the cluster's addresses, and checks that there is nothing else of them on this host.
ranged() {
	range() { sed -n "s/^ *$1: *//p" "$work/out" | tr -d "\"' "; }
	: >"$work/out"
	asks "$work/bootstrap" get --namespace kube-system configmap kubeadm-config \
		-o 'jsonpath={.data.ClusterConfiguration}' || true
	pods=$(range podSubnet)
	/usr/libexec/kubernetes/range-checks "$pods" "$(range serviceSubnet)" ||
		fail "this host is not fit for a node of that cluster: fix what is said above"
}

{{- if ge .Minor 14}}

# checked has kubeadm look at this host, which knows best what its kubelet needs.
checked() {
	cat >"$work/kubeadm.yaml" <<END
apiVersion: kubeadm.k8s.io/{{if ge .Minor 31}}v1beta4{{else if ge .Minor 22}}v1beta3{{else if ge .Minor 15}}v1beta2{{else}}v1beta1{{end}}
kind: JoinConfiguration
discovery:
  bootstrapToken: {apiServerEndpoint: "$endpoint", token: "$token", caCertHashes: ["$hash"]}
{{- if lt .Minor 31}}
  timeout: 1m
{{- end}}
nodeRegistration: {name: "$host", criSocket: "$socket"}
{{- if ge .Minor 31}}
timeouts: {discovery: 1m}
{{- end}}
END
	if [ -e $conf/pki/ca.crt ]; then
		set -- --ignore-preflight-errors=FileAvailable--etc-kubernetes-pki-ca.crt "$@"
	fi
{{- if ge .Minor 31}}
	# kubeadm does not ask whether the kubelet is told to take version 1 of control groups.
	if cat $conf/kubelet.yaml $conf/kubelet.d/*.conf 2>/dev/null | grep -q '^failCgroupV1: *false'; then
		set -- --ignore-preflight-errors=SystemVerification "$@"
	fi
{{- end}}
	# The kernel gets its modules and settings with the kubelet, and is looked at before that.
	if [ -x /usr/libexec/kubernetes/host-prepare ]; then
		/usr/libexec/kubernetes/host-prepare || true
	fi
	# kubeadm starts the kubelet by its name, to ask for its version.
	PATH=$PATH:$(dirname /usr/bin/kubelet) \
		/usr/bin/kubeadm join phase preflight --config "$work/kubeadm.yaml" "$@" >"$work/log" 2>&1 || {
		sed -n 's/^[[:blank:]]*\[ERROR \([^]]*\)\]: /\1: /p' "$work/log" >"$work/faults"
		[ -s "$work/faults" ] || cp "$work/log" "$work/faults"
		cat "$work/faults" >&2
		fail "this host is not fit for a node, as kubeadm says above: fix that, or ignore it with" \
			"-- --ignore-preflight-errors=NAME"
	}
}
{{- end}}

made=
undo() {
	trap - EXIT INT TERM HUP
	systemctl stop kubelet.service >/dev/null 2>&1 || true
	systemctl reset-failed kubelet.service >/dev/null 2>&1 || true
	# shellcheck disable=SC2086 # paths of ours, without blanks
	rm -f $made $conf/bootstrap-kubelet.conf $conf/kubelet.conf $store/kubelet-client-*
	rmdir $conf/pki 2>/dev/null || true
	rm -rf "$work"
}

# put FILE MODE DESTINATION writes a file in one step, and remembers it.
put() {
	[ ! -e "$3" ] || return 0
	made="$made $3"
	install -m "$2" "$1" "$3.part"
	mv -f "$3.part" "$3"
}

# link TARGET NAME makes a link, unless something is there, and remembers it.
link() {
	if [ ! -e "$2" ] && [ ! -L "$2" ]; then
		made="$made $2"
		ln -s "$1" "$2"
	fi
}

join() {
	trap undo EXIT
	trap 'exit 130' INT TERM HUP
	rm -f $store/kubelet-client-* # of a cluster that this host has left
	for folder in $conf/pki /var/lib/kubelet; do
		[ -d "$folder" ] || install -d -m 0755 "$folder"
	done
	put "$work/ca.crt" 0644 $conf/pki/ca.crt
	link $conf/kubelet.yaml /var/lib/kubelet/config.yaml
{{- if lt .Minor 27}}
	# Until 1.26 that cannot name the container runtime, and kubeadm passes it as arguments.
	echo "KUBELET_KUBEADM_ARGS=\"{{if lt .Minor 24}}--container-runtime=remote {{end}}--container-runtime-endpoint=$socket\"" >"$work/flags"
	put "$work/flags" 0644 /var/lib/kubelet/kubeadm-flags.env
{{- end}}
	link kubelet.conf $conf/kube-proxy.conf
	put "$work/bootstrap" 0600 $conf/bootstrap-kubelet.conf
	systemctl reset-failed kubelet.service 2>/dev/null || true
	at_boot # so that a reboot before the end changes nothing
	systemctl restart --no-block kubelet.service
	tries=0
	until [ -e $current ] && asks $conf/kubelet.conf get --raw "/api/v1/nodes/$host"; do
		tries=$((tries + 1))
		if [ $tries -ge 120 ] || systemctl is-failed --quiet kubelet.service; then
			journalctl --no-pager -u kubelet.service -n 20 -o cat >"$work/log" || true
			cat "$work/log" >&2
			! grep -q 'database space exceeded' "$work/log" ||
				fail "the etcd of the cluster is full: run etcd-backup FILE on its master, which prints the commands that make room"
			fail "the kubelet does not join, and this is the end of its log: this host is as it was before"
		fi
		sleep 1
	done
	trap 'rm -rf "$work"' EXIT
	trap - INT TERM HUP
	rm -f $conf/bootstrap-kubelet.conf
	systemctl reset-failed kube-proxy.service flanneld.service 2>/dev/null || true
	# They may run, and know the cluster that this host was in before.
	# shellcheck disable=SC2086 # names of units
	systemctl restart --no-block ${units#kubelet.service }
}

# leased waits for the node's range of the pods' addresses, where the cluster gives nodes any.
leased() {
	[ -n "$pods" ] || return 0
	tries=0
	while :; do
		asks $conf/kubelet.conf get node "$host" -o 'jsonpath={.spec.podCIDR}' || true
		range=$(cat "$work/out")
		[ -z "$range" ] || break
		tries=$((tries + 1))
		if [ $tries -ge 5 ] && full "${pods%%,*}"; then
			fail "$host has joined, and has no addresses for pods: the cluster's range $pods has no room for one more" \
				"node (CIDRNotAvailable). Delete a node that is gone, by kubectl delete node, or give the controller" \
				"manager a larger --cluster-cidr, and flannel, in $conf/flannel.json of each node, the same Network"
		fi
		[ $tries -lt 30 ] || fail "$host has joined, and has no addresses for pods: does the controller manager run, with" \
			"--allocate-node-cidrs? On the master: kubectl get events --field-selector=reason=CIDRNotAvailable"
		sleep 1
	done
	say "its pods have addresses of $range"
}

# full RANGE reports whether nodes have all parts of it. Those are of one size.
full() {
	asks $conf/kubelet.conf get nodes -o 'jsonpath={range .items[*]}{.spec.podCIDR}{"\n"}{end}' || return 1
	count=$(grep -c / "$work/out" || true)
	size=$(sed -n 's|.*/||p' "$work/out" | head -n 1)
	[ "$count" -gt 0 ] && [ "$count" -ge $((1 << (size - ${1##*/}))) ]
}

fit
server
admitted
ranged
{{- if ge .Minor 14}}
checked "$@"
{{- end}}
say "joining the cluster at $endpoint as $host"
join
leased
say "done. On the master:  kubectl get node $host"
