package targets_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/slipway-build/slipway/build"
	compiler "github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/platform"
)

// build.json has to say what the binaries beside it were made from, so each of
// its facts is found out here in another way.
func TestRecordTellsWhatWasBuilt(t *testing.T) {
	t.Parallel()
	p := newProject(t, t.TempDir())
	p.must(t, "cross")
	p.must(t, "patches:apply")
	remove(t, p.path("dist", "ship-1.4", "src", ".git"))
	tree, err := filetree.Scan(t.Context(), p.path("dist", "ship-1.4", "src"))
	if err != nil {
		t.Fatal(err)
	}
	module := p.path(".home", "mod", "example.org", "ship@v1.4.1")
	upstream, err := dirhash.HashDir(module, "example.org/ship@v1.4.1", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	commit := strings.TrimPrefix(tree.Tree.Digest(), "sha256:")[:40]
	want := build.Record{
		Fork: "ship-1.4", Name: "ship", Version: "1.4.1+test.1", Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Upstream: build.Pin{Name: "example.org/ship@v1.4.1", Digest: upstream},
		Patches:  []build.Pin{pinOf(t, p, "0001-crew.patch"), pinOf(t, p, "0002-bosun.patch")},
		Tree:     tree.Tree.Digest(),
		Commit:   commit, CommitOf: "tree", Date: "2026-02-03T04:05:06Z",
		Toolchain: toolchain(t, p),
		Flags: []string{"-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=-buildid= -s -w" +
			" -X example.org/hull/version.buildDate=2026-02-03T04:05:06Z" +
			" -X example.org/hull/version.gitCommit=" + commit +
			" -X example.org/hull/version.gitMajor=1" +
			" -X example.org/hull/version.gitMinor=4" +
			" -X example.org/hull/version.gitTreeState=clean" +
			" -X example.org/hull/version.gitVersion=v1.4.1+test.1", "-tags=sail"},
		Env: compiler.Input{Platform: platform.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}}.Environment(),
	}
	var got build.Record
	data, err := os.ReadFile(p.built("build.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range got.Binaries {
		names = append(names, b.Component)
	}
	got.Binaries = nil // checkWhole compares them with the files
	if !reflect.DeepEqual(got, want) {
		t.Errorf("build.json says\n%+v\nwant\n%+v", got, want)
	}
	if strings.Join(names, " ") != "bosun captain" {
		t.Errorf("build.json has the components %v, want bosun and captain", names)
	}
	if err := checkWhole(p.path("dist")); err != nil {
		t.Error(err)
	}
}

func pinOf(t *testing.T, p *project, patch string) build.Pin {
	t.Helper()
	data, err := os.ReadFile(p.path("forks", "ship-1.4", "patches", patch))
	if err != nil {
		t.Fatal(err)
	}
	return build.Pin{Name: patch, Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data))}
}

func toolchain(t *testing.T, p *project) string {
	t.Helper()
	cmd := exec.Command("go", "env", "GOVERSION")
	cmd.Env = p.env
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
