#!/bin/sh
# containerd-pause has containerd import the pause image, which every pod starts with, so
# that no registry is needed for it, and keep it. With --name it only prints its name.
set -eu
archive=/usr/libexec/kubernetes/pause.tar

[ -e $archive ] || exit 0
name=$(LC_ALL=C grep -a -o -m 1 '"io.containerd.image.name":"[^"]*"' $archive | head -n 1 | cut -d '"' -f 4)
if [ "${1:-}" = --name ]; then
	printf '%s\n' "$name"
	exit 0
fi
if [ -z "$(ctr -n k8s.io images list -q "name==$name")" ]; then
	ctr -n k8s.io images import $archive
fi
# What is not pinned a kubelet may remove from a full disk.
ctr -n k8s.io images label "$name" io.cri-containerd.image=managed io.cri-containerd.pinned=pinned >/dev/null
