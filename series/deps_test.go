package series

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testfork"
)

// TestDeps holds that what deps change is no patch: it is pinned, but neither laid
// out nor exported.
func TestDeps(t *testing.T) {
	p := newProject(t)
	p.must(doLock(p))
	without := p.read("fork.lock")
	put(t, p.dir, map[string]string{yaml: p.read(yaml) + "deps:\n  example.com/rope: v1.3.0\n"})
	p.must(doLock(p))
	with := p.read("fork.lock")
	if !strings.Contains(with, "\ndep example.com/rope v1.3.0\n") || line(with, "tree") == line(without, "tree") {
		t.Errorf("fork.lock is\n%s", with)
	}
	p.mustLocked(doVerify(p))
	for _, format := range []string{"quilt", "mbox", "git"} {
		p.mustLocked(doExport(p, format))
	}
	p.must(doApply(p, ""))
	p.is("the patches", p.must(doRefresh(p)), "")
	p.is("the lock", p.read("fork.lock"), with)
}

// line returns the line of a text that begins with a word.
func line(text, word string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, word+" ") {
			return l
		}
	}
	return ""
}

// aGo is a go command for this machine that says it is another release: go1.21.0, or
// the one that GOTOOLCHAIN asks for. It writes down who did what.
const aGo = `#!/bin/sh
case $GOTOOLCHAIN in go*) name=$GOTOOLCHAIN ;; *) name=go1.21.0 ;; esac
export GOTOOLCHAIN=local
if [ "$1 $2" = "env -json" ]; then
	GO "$@" | sed -e "s/\"GOVERSION\": .*\"/\"GOVERSION\": \"$name\"/" -e 's/"GOTOOLCHAIN": .*"/"GOTOOLCHAIN": "auto"/'
	exit
fi
echo "$name $*" >>LOG
exec GO "$@"
`

// TestPinWithTheToolchainOfTheBuild holds that what deps change is found out with the
// toolchain that the lock then has the fork built with: here a dependency needs a
// newer one than the tree by itself.
func TestPinWithTheToolchainOfTheBuild(t *testing.T) {
	p := newProject(t)
	put(t, p.dir, map[string]string{yaml: p.read(yaml) + "deps:\n  example.com/rope: v1.9.0\n"})
	proxy, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	rope := "-- go.mod --\nmodule example.com/rope\n\ngo 1.25.0\n-- rope.go --\npackage rope\n"
	if err := testfork.WriteModule(proxy, "example.com/rope", "v1.9.0", rope); err != nil {
		t.Fatal(err)
	}
	goCmd, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	script := strings.NewReplacer("GO ", goCmd+" ", "LOG", log).Replace(aGo)
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	env := run.Env(p.env)
	p.env = env.With("PATH="+bin+":"+env.Get("PATH"), "GOTOOLCHAIN=auto",
		"GOPROXY="+testfork.ProxyURL(proxy)+","+env.Get("GOPROXY"))
	p.must(doLock(p))
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var synced []string
	for l := range strings.Lines(string(data)) {
		if release, ok := strings.CutSuffix(l, " work sync\n"); ok {
			synced = append(synced, release)
		}
	}
	p.is("the releases that changed the dependencies", strings.Join(synced, " "), "go1.24.0 go1.25.0")
	p.is("the release in the lock", line(p.read("fork.lock"), "go"), "go 1.25.0\n")
}
