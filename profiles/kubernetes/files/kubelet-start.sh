#!/bin/sh
# kubelet-start KUBEADM... -- OTHER... -- EXTRA... starts the kubelet of a host that has
# kubeadm: by what kubeadm gives it or, where somebody else gave it its kubeconfig, by the
# arguments of a node that kubeadm did not set up. systemd has split the words.
set -eu
chosen=1
if [ ! -e /var/lib/kubelet/config.yaml ] && [ -e /etc/kubernetes/kubelet.conf ]; then
	chosen=2
fi
part=1
for word; do
	shift
	if [ "$word" = -- ] && [ $part -lt 3 ]; then
		part=$((part + 1))
	elif [ $part = $chosen ] || [ $part = 3 ]; then
		set -- "$@" "$word"
	fi
done
exec /usr/bin/kubelet "$@"
