package ssh

import (
	"strings"
	"sync"
)

// The scripts are for any POSIX shell. Lists are read from the input, a path a line, so that no
// path is ever part of a script; a line that was cut off is left out by read. A script whose client
// was killed may go on for a while, so what replaces or deletes holds the lock: who completes the
// change waits for it.

// greet says what the host has, and keeps the connection until the input ends.
const greet = `for tool in rsync sha256sum flock; do if command -v $tool >/dev/null 2>&1; then echo $tool; fi; done; ` +
	`echo end; exec cat >/dev/null`

// get prints what is at $path, after a line that says whether there is something.
const get = `file=$root/$path; if [ -f "$file" ]; then echo file; exec cat "$file"; ` +
	`elif [ -e "$file" ] || [ -L "$file" ]; then echo other; else echo absent; fi`

// stat reads lines with a size and a path, and prints of each what is there: the SHA-256 if the
// size is that.
const stat = `if cd "$root" 2>/dev/null; then :; elif [ -e "$root" ] || [ -L "$root" ]; then
	echo "$root is not a folder that can be entered" >&2; exit 1; else none=1; fi
while IFS=" " read -r size path; do
	if [ "$none" ]; then echo absent
	elif [ -L "./$path" ]; then echo link
	elif [ -f "./$path" ]; then
		if [ "$(wc -c <"./$path")" -eq "$size" ]; then sha256sum <"./$path" || exit 1; else echo different; fi
	elif [ -e "./$path" ]; then echo other
	else echo absent; fi
done
echo end`

// enter makes the repository's folder, in the modes that a web server needs.
const enter = `umask 022; mkdir -p "$root/state/tmp" && cd "$root" || exit 1; `

// withFlock and withMkdir hold the lock until the script ends. Publishers on the host itself hold
// the first as well.
const (
	withFlock = `exec 9>>state/lock && flock -w 60 9 || { echo "$root/state/lock is held" >&2; exit 1; }; `
	withMkdir = `n=0; until mkdir state/lock.d 2>/dev/null; do n=$((n+1)); if [ $n -gt 60 ]; then ` +
		`echo "$root/state/lock.d is there: remove it if nobody is publishing" >&2; exit 1; fi; sleep 1; done; ` +
		`trap "rmdir state/lock.d" EXIT; trap "exit 1" HUP INT TERM PIPE; `
)

// swap replaces the head by the input if the SHA-256 of it is $tag. All that was written before is
// on the disk then.
const swap = `sync -f . 2>/dev/null || sync
find state/tmp -type f -mtime +7 -exec rm -f {} +
now=; if [ -f state/head.json ]; then now=$(sha256sum <state/head.json) || exit 1; now=${now%% *}; fi
if [ "$now" = "$tag" ]; then
	cat >state/tmp/head.$$ && got=$(sha256sum <state/tmp/head.$$) || exit 1
	if [ "${got%% *}" = "$new" ]; then :; else rm -f state/tmp/head.$$; echo "the new head was cut off" >&2; exit 1; fi
	sync -f . 2>/dev/null || sync
	mv -f state/tmp/head.$$ state/head.json || exit 1
	sync -f . 2>/dev/null || sync
	echo swapped
else echo conflict; fi`

// duplicate reads pairs of lines, a path of content and one that is to be the same bytes.
const duplicate = `while IFS= read -r from && IFS= read -r to; do
	case $to in */*) mkdir -p "./${to%/*}" || exit 1;; esac
	tmp=state/tmp/copy.$$
	if [ -d "./$to" ]; then echo "$root/$to is a folder, where the repository has a file: remove it" >&2; exit 1; fi
	if [ "./$from" -ef "./$to" ] 2>/dev/null; then continue; fi
	rm -f $tmp; ln "./$from" $tmp 2>/dev/null || cp "./$from" $tmp || exit 1
	mv -f $tmp "./$to" || exit 1
	rm -f $tmp
done
echo end`

// remove reads paths and removes what is there, and the folders that are empty then.
const remove = `while IFS= read -r path; do
	rm -f "./$path" || exit 1
	case $path in */*) rmdir -p "${path%/*}" 2>/dev/null;; esac
done
echo end`

// locked is a script that holds the lock.
func (h *Host) locked(script string) string {
	if h.hasFlock {
		return enter + withFlock + script
	}
	return enter + withMkdir + script
}

// A greeting collects what the host says first.
type greeting struct {
	mu    sync.Mutex
	text  strings.Builder
	whole chan struct{}
}

// Write takes what the host says until it has said all.
func (g *greeting) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.whole:
		return len(p), nil
	default:
	}
	g.text.Write(p)
	// A host's profile may print something before.
	if strings.HasSuffix("\n"+g.text.String(), "\nend\n") {
		close(g.whole)
	}
	return len(p), nil
}

// has returns the tools that the host has.
func (g *greeting) has() map[string]bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	tools := map[string]bool{}
	for line := range strings.Lines(g.text.String()) {
		tools[strings.TrimSpace(line)] = true
	}
	return tools
}
