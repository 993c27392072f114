#!/bin/sh
# kubelet-setting KEY [FILE] prints what the kubelet's configuration sets: of a list, the
# first.{{if ge .Minor 30}} What is in kubelet.d counts more, and of that the last.{{end}}
set -eu
conf=/etc/kubernetes
key=${1:?usage: kubelet-setting KEY [FILE]}
set -- "${2:-$conf/kubelet.yaml}"{{if ge .Minor 30}} "$conf"/kubelet.d/*.conf{{end}}
for file; do
	[ ! -f "$file" ] || cat "$file"
	echo
done | tr -d "\"'\r" | awk -v key="$key:" '
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
	END { print value }'
