#!/bin/sh
# kubernetes-setup tells a cluster what it has to know for nodes to join and work:
# who may do what, where its API server is, and how its kubelets are configured.
set -eu

conf=/etc/kubernetes

usage() {
	cat <<END
usage: kubernetes-setup [--wait SECONDS]
Grants the rights that nodes need, and publishes what a node needs to join. It can
be run again at any time.
  --wait SECONDS  how long to wait for the API server (default: 60)
END
}

# shellcheck source=/dev/null
. /usr/libexec/kubernetes/master.sh

wait=60
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help)
		usage
		exit 0
		;;
	--wait=*) wait=${1#--wait=} ;;
	--wait)
		[ $# -gt 1 ] || wrong "--wait has no number"
		wait=$2
		shift
		;;
	*) wrong "there is no option $1" ;;
	esac
	shift
done
case $wait in
'' | *[!0-9]*) wrong "--wait $wait is not a number of seconds" ;;
esac
administers
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tries=0
until ready >"$work/log" 2>&1; do
	tries=$((tries + 1))
	if [ $tries -ge "$wait" ] || systemctl is-failed --quiet kube-apiserver.service 2>/dev/null; then
		fail "$(why "$work/log")"
	fi
	sleep 1
done

/usr/sbin/kubernetes-pki --print-config >"$work/kubeadm.yaml"
server=$(sed -n 's/^controlPlaneEndpoint: "\(.*\)"$/https:\/\/\1/p' "$work/kubeadm.yaml")
if [ -x /usr/bin/kubeadm ]; then
	/usr/bin/kubeadm init phase upload-config kubeadm --config "$work/kubeadm.yaml" \
		--kubeconfig $conf/admin.conf >"$work/log" 2>&1 ||
		fail "kubeadm's configuration is not published: $(why "$work/log")"
fi

# binding KIND NAME ROLE SUBJECT NAMESPACE prints what binds a role. A SUBJECT is
# User/NAME or Group/NAME.
binding() {
	case $1 in
	ClusterRole) kind=ClusterRoleBinding space= ;;
	*) kind=RoleBinding space=", namespace: $5" ;;
	esac
	cat <<END
---
apiVersion: rbac.authorization.k8s.io/v1
kind: $kind
metadata: {name: "$2"$space}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: $1, name: "$3"}
subjects:
END
	for subject in $4; do
		echo "- {apiGroup: rbac.authorization.k8s.io, kind: ${subject%%/*}, name: \"${subject#*/}\"}"
	done
}

# reader NAME NAMESPACE CONFIGMAP SUBJECT prints what lets a ConfigMap be read.
reader() {
	cat <<END
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: "$1", namespace: $2}
rules:
- {apiGroups: [""], resources: [configmaps], resourceNames: ["$3"], verbs: [get]}
END
	binding Role "$1" "$1" "$4" "$2"
}

# cluster_role NAME RULE... prints a role.
cluster_role() {
	cat <<END
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "$1"}
rules:
END
	shift
	for rule; do
		echo "- {apiGroups: [\"\"], $rule}"
	done
}

# The names are those that kubeadm gives, where it grants the same.
joining=Group/system:bootstrappers:kubeadm:default-node-token
nodes=Group/system:nodes
requests=system:certificates.k8s.io:certificatesigningrequests
kubelets={{if ge .Minor 24}}kubelet-config{{else}}kubelet-config-{{.Major}}.{{.Minor}}{{end}}
{
	binding ClusterRole kubeadm:apiserver-kubelet-client system:kubelet-api-admin User/kube-apiserver-kubelet-client
	binding ClusterRole kubeadm:kubelet-bootstrap system:node-bootstrapper $joining
	binding ClusterRole kubeadm:node-autoapprove-bootstrap $requests:nodeclient $joining
	binding ClusterRole kubeadm:node-autoapprove-certificate-rotation $requests:selfnodeclient $nodes
	cluster_role kubeadm:get-nodes 'resources: [nodes], verbs: [get]'
	binding ClusterRole kubeadm:get-nodes kubeadm:get-nodes $joining
	# A node's proxy and its flanneld are that node.
	binding ClusterRole kubernetes:node-proxier system:node-proxier $nodes
	cluster_role kubernetes:flannel 'resources: [nodes], verbs: [get, list, watch]' \
		'resources: [nodes/status], verbs: [patch]'
	binding ClusterRole kubernetes:flannel kubernetes:flannel $nodes
	reader kubeadm:bootstrap-signer-clusterinfo kube-public cluster-info User/system:anonymous
	reader "kubeadm:$kubelets" kube-system "$kubelets" "$nodes $joining"
	cat <<END
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-info, namespace: kube-public}
data:
  kubeconfig: |
    apiVersion: v1
    clusters:
    - cluster:
        certificate-authority-data: $(base64 -w0 $conf/pki/ca.crt)
        server: $server
      name: ""
    contexts: null
    current-context: ""
    kind: Config
    users: null
---
apiVersion: v1
kind: ConfigMap
metadata: {name: $kubelets, namespace: kube-system}
data:
  kubelet: |
$(sed 's/^/    /' $conf/kubelet.yaml)
END
} >"$work/objects.yaml"
kube apply -f "$work/objects.yaml" >"$work/log" 2>&1 || fail "the rights of nodes are not granted: $(why "$work/log")"

# A host that can run pods is a node, too, once what runs there has its rights.
units=
for unit in kubelet kube-proxy flanneld; do
	if [ -d /run/systemd/system ] && systemctl is-enabled --quiet $unit.service 2>/dev/null; then
		units="$units $unit.service"
	fi
done
if [ -n "$units" ] && { [ -S /run/containerd/containerd.sock ] || [ -S /run/crio/crio.sock ]; }; then
	# shellcheck disable=SC2086 # names of units
	systemctl start --no-block $units
fi

# Pods reach the API server by the address of its Service.
address=$(kube get service kubernetes -o 'jsonpath={.spec.clusterIP}' 2>/dev/null || true)
if [ -n "$address" ] && openssl x509 -noout -checkip "$address" -in $conf/pki/apiserver.crt | grep -q 'NOT match'; then
	fail "pods cannot trust the API server: its certificate is not for $address, which its Service has, as the range of" \
		"Services was another one when it was made. For one that is: rm $conf/pki/apiserver.crt, then kubernetes-pki," \
		"then systemctl restart kube-apiserver kubernetes-setup"
fi
echo "kubernetes-setup: done. For another host to join:  kubernetes-token"
