#!/bin/sh
# kubernetes-dns applies CoreDNS to the cluster of this control plane, under the
# names that kubeadm has for it. To run it again changes only what has to change.
set -eu

conf=/etc/kubernetes
timeout=120

usage() {
	echo "usage: kubernetes-dns [--image IMAGE] [--address IP]"
	echo "Runs CoreDNS in the cluster, so that its pods find Services by name. Safe to repeat."
	echo "  --image IMAGE  image of CoreDNS (default: the one that this version of kubeadm uses)"
	echo "  --address IP   address of the Service kube-dns (default: clusterDNS in the kubelet's configuration)"
}

# shellcheck source=/dev/null
. /usr/libexec/kubernetes/master.sh

# misused says what is wrong with the command line.
misused() {
	say "$@" >&2
	usage >&2
	exit 2
}

# setting KEY prints a value of the kubelet's configuration, the first one of a list.
# What is in kubelet.d counts more, and of that the last.
setting() {
	key=$1
	set -- "$conf/kubelet.yaml"{{if ge .Minor 30}} "$conf"/kubelet.d/*.conf{{end}}
	for file; do
		[ ! -f "$file" ] || cat "$file"
		echo
	done | awk -v key="$key:" '
		list && $1 == "-" { value = $2 }
		{ list = 0 }
		index($0, key) == 1 {
			found = substr($0, length(key) + 1)
			sub(/[ \t]#.*/, "", found)
			if (split(found, parts, /[][ \t,]+/) > 0)
				for (n = 1; n in parts; n++)
					if (parts[n] != "") {
						value = parts[n]
						break
					}
			list = found ~ /^[ \t]*$/
		}
		END { print value }' | tr -d "\"'"
}

# check_image refuses what cannot be the name of an image.
check_image() {
	name='[a-z0-9]+([._-]+[a-z0-9]+)*'
	case $1 in
	'' | *[!A-Za-z0-9._:/@-]*) ;;
	*)
		if printf '%s\n' "$1" | grep -Eq "^([A-Za-z0-9.-]+(:[0-9]+)?/)?$name(/$name)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?\$"; then
			return
		fi
		;;
	esac
	misused "\"$1\" is not the name of an image: want one such as registry.example.org/coredns:v1.14.7"
}

# check_address refuses what cannot be the address of a Service.
check_address() {
	case $1 in
	'' | *[!0-9a-fA-F.:]*) ;;
	*:*:*) return ;;
	*.*.*.*)
		if printf '%s\n' "$1" | awk -F. '{ for (n = 1; n <= NF; n++) if ($n !~ /^[0-9]+$/ || $n > 255) exit 1; exit NF != 4 }'; then
			return
		fi
		;;
	esac
	fail "\"$1\"$2 is not an address: want one such as 10.0.0.10"
}

# check_service finds out whether the Service can have the address.
check_service() {
	kube get services --all-namespaces \
		-o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.spec.clusterIP}{"\n"}{end}' >"$work/services"
	taken=$(awk -v address="$address" '$2 == address { print $1 }' "$work/services")
	case $taken in
	'' | kube-system/kube-dns) ;;
	*) fail "$address is the address of the Service $taken: name another one by --address, and have clusterDNS in" \
		"$conf/kubelet.yaml of all nodes say it, too" ;;
	esac
	old=$(awk '$1 == "kube-system/kube-dns" { print $2 }' "$work/services")
	if [ -n "$old" ] && [ "$old" != "$address" ]; then
		fail "the Service kube-dns has the address $old, and not $address, and keeps it: if the kubelets are to be told" \
			"$address, delete it first, by kubectl -n kube-system delete service kube-dns"
	fi
}

# forwarding prints what the Corefile says about names outside of the cluster. Where
# a host has no name server but itself, CoreDNS would not start, or ask itself.
forwarding() {
	resolv=$(setting resolvConf)
	resolv=${resolv:-/etc/resolv.conf}
	if awk '$1 == "nameserver" && $2 !~ /^127\./ && $2 != "::1" { found = 1 } END { exit !found }' "$resolv" 2>/dev/null; then
		printf '        forward . /etc/resolv.conf {\n            max_concurrent 1000\n        }\n        loop\n'
		return
	fi
	say "$resolv of this host names no name server but the host itself: pods find names of the cluster alone. For others," \
		"have resolvConf in $conf/kubelet.yaml name such a file, and add to the ConfigMap: forward . /etc/resolv.conf" >&2
}

# corefile prints the ConfigMap, which is the operator's once it is there.
corefile() {
	cat <<END
---
apiVersion: v1
kind: ConfigMap
metadata: {name: coredns, namespace: kube-system}
data:
  Corefile: |
    .:53 {
        errors
        health {
            lameduck 5s
        }
        ready
        kubernetes $domain in-addr.arpa ip6.arpa {
            pods insecure
            fallthrough in-addr.arpa ip6.arpa
            ttl 30
        }
        prometheus :9153
$(forwarding)
        cache 30
        reload
        loadbalance
    }
END
}

# rights prints what CoreDNS may read: all that has a name.
rights() {
	cat <<END
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: coredns, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:coredns"}
rules:
- {apiGroups: [""], resources: [endpoints, services, pods, namespaces], verbs: [list, watch]}
- {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: "system:coredns"}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:coredns"}
subjects: [{kind: ServiceAccount, name: coredns, namespace: kube-system}]
END
}

# service prints the Service that the kubelets name to pods.
service() {
	cat <<END
---
apiVersion: v1
kind: Service
metadata:
  name: kube-dns
  namespace: kube-system
  labels: {k8s-app: kube-dns, kubernetes.io/cluster-service: "true", kubernetes.io/name: CoreDNS}
spec:
  clusterIP: "$address"
  selector: {k8s-app: kube-dns}
  ports:
  - {name: dns, port: 53, protocol: UDP, targetPort: 53}
  - {name: dns-tcp, port: 53, protocol: TCP, targetPort: 53}
  - {name: metrics, port: 9153, protocol: TCP, targetPort: 9153}
END
}

# deployment prints the pods, which keep apart where there are nodes for that.
deployment() {
	cat <<END
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec:
  replicas: $replicas
  selector: {matchLabels: {k8s-app: kube-dns}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
  template:
    metadata: {labels: {k8s-app: kube-dns}}
    spec:
      serviceAccountName: coredns
      priorityClassName: system-cluster-critical
      dnsPolicy: Default
      nodeSelector: { {{- if lt .Minor 14}}beta.{{end}}kubernetes.io/os: linux}
      tolerations:
      - {key: CriticalAddonsOnly, operator: Exists}
      - {key: node-role.kubernetes.io/{{if ge .Minor 24}}control-plane{{else}}master{{end}}, effect: NoSchedule}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {k8s-app: kube-dns}}}
      containers:
      - name: coredns
        image: "$image"
        args: [-conf, /etc/coredns/Corefile]
        ports:
        - {name: dns, containerPort: 53, protocol: UDP}
        - {name: dns-tcp, containerPort: 53, protocol: TCP}
        - {name: metrics, containerPort: 9153, protocol: TCP}
        resources: {requests: {cpu: 100m, memory: 70Mi}, limits: {memory: 170Mi}}
        livenessProbe: {httpGet: {path: /health, port: 8080}, initialDelaySeconds: 60, timeoutSeconds: 5, failureThreshold: 5}
        readinessProbe: {httpGet: {path: /ready, port: 8181}, periodSeconds: 5}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}
        volumeMounts: [{name: config, mountPath: /etc/coredns, readOnly: true}]
      volumes: [{name: config, configMap: {name: coredns, items: [{key: Corefile, path: Corefile}]}}]
END
}

# waited waits until CoreDNS serves, and says of pods that do not why.
waited() {
	nodes=$(kube get nodes -o name)
	if [ -z "$nodes" ]; then
		say "done. There is no node yet: CoreDNS starts when one joins"
		return
	fi
	if kube -n kube-system rollout status deployment/coredns --request-timeout=0 --timeout=${timeout}s >"$work/wait" 2>&1; then
		say "done. CoreDNS serves at $address"
		return
	fi
	say "CoreDNS is applied, and does not serve after $timeout seconds:" >&2
	kube -n kube-system get pods -l k8s-app=kube-dns -o 'jsonpath={range .items[*]}{.metadata.name}: {.status.phase}{range .status.containerStatuses[*]}, ready: {.ready}, restarts: {.restartCount}{", "}{.state.waiting.reason} {.state.waiting.message}{end}{range .status.conditions[?(@.type=="PodScheduled")]} {.message}{end}{"\n"}{end}' |
		sed 's/^/  /' >&2
	say "for more:  kubectl --kubeconfig $conf/admin.conf -n kube-system describe pods -l k8s-app=kube-dns" >&2
	exit 1
}

image=
address=
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--image=* | --address=*)
		option=${1%%=*}
		value=${1#*=}
		shift
		;;
	--image | --address)
		option=$1
		[ $# -ge 2 ] || misused "$1 wants a value"
		value=$2
		shift 2
		;;
	*) misused "\"$1\" is not an option" ;;
	esac
	case $option in
	--image)
		check_image "$value"
		image=$value
		;;
	*)
		check_address "$value" " of --address"
		address=$value
		;;
	esac
done

administers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ready >"$work/log" 2>&1 || fail "$(why "$work/log")"

if [ -z "$address" ]; then
	address=$(setting clusterDNS)
	[ -n "$address" ] || fail "$conf/kubelet.yaml has no clusterDNS: set it there, or name the address by --address"
	check_address "$address" ", clusterDNS in $conf/kubelet.yaml,"
fi
domain=$(setting clusterDomain)
domain=${domain:-cluster.local}
case $domain in
*[!A-Za-z0-9.-]*) fail "\"$domain\", clusterDomain in $conf/kubelet.yaml, is not a domain" ;;
esac
if [ -z "$image" ]; then
	image=$(/usr/bin/kubeadm config images list --kubernetes-version v{{.Major}}.{{.Minor}}.{{.Patch}} 2>/dev/null | grep /coredns) ||
		fail "kubeadm names no image of CoreDNS: name one by --image"
fi

check_service
replicas=$(kube -n kube-system get deployment coredns --ignore-not-found -o 'jsonpath={.spec.replicas}')
replicas=${replicas:-2}
{
	rights
	service
	deployment
	if [ -z "$(kube -n kube-system get configmap coredns --ignore-not-found -o name)" ]; then
		corefile
	else
		say "the ConfigMap coredns stays as it is" >&2
	fi
} >"$work/dns.yaml"
applied=yes
kube apply{{if ge .Minor 22}} --server-side --field-manager=kubernetes-dns --force-conflicts{{end}} -f "$work/dns.yaml" \
	2>"$work/log" || applied=
cat "$work/log" >&2
if [ -z "$applied" ]; then
	case $(cat "$work/log") in
	*'not in the valid range'* | *'not match the current range'*)
		fail "$address is not in the range of Services: name an address of it by --address, and have clusterDNS in" \
			"$conf/kubelet.yaml of all nodes say it, too"
		;;
	esac
	fail "the API server did not accept all of it: fix that, and run this again: $(why "$work/log")"
fi
waited
