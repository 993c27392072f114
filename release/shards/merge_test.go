package shards

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/testkit"
)

func dist(project string) output.Dist {
	return output.Dist{Project: project, Cache: action.Cache{Dir: filepath.Join(project, "dist", ".cache")}}
}

// made is what dist has of the ship on one machine: what is built for both platforms.
var made = map[string]string{
	"dist/ship/bin/linux_amd64/build.json":    "{}\n",
	"dist/ship/bin/linux_amd64/captain":       "ELF captain",
	"dist/ship/bin/linux_amd64/bosun":         "ELF bosun",
	"dist/ship/deb/linux_amd64/packages.json": "{\"packages\":[]}\n",
	"dist/ship/deb/linux_amd64/ship.deb":      "!<arch>",
	"dist/ship/bin/linux_arm64/build.json":    "{ }\n",
	"dist/ship/bin/linux_arm64/captain":       "ELF captain of arm64",
	"dist/ship/rpm/linux_arm64/ship.rpm":      "\xed\xab\xee\xdb",
	"dist/ship/images/index.json":             "{}",
}

func origin() Origin {
	return Origin{
		Version: "1.4.1+test.1", Toolchain: "go1.26.8", Slipway: "v1.2.0",
		Inputs: []artifact.Pinned{{Name: "forks/ship/fork.lock", Digest: "sha256:01"},
			{Name: "forks/ship/fork.yaml", Digest: "sha256:02"}},
	}
}

func want() Want {
	return Want{Shards: []Shard{{"ship", amd64}, {"ship", arm64}}, Origins: map[string]Origin{"ship": origin()}}
}

// project lays out files as dist has them, with the binaries executable.
func project(t *testing.T, files map[string]string) output.Dist {
	t.Helper()
	d := dist(testkit.Lay(t, files))
	for name := range files {
		if base := filepath.Base(name); base == "captain" || base == "bosun" {
			if err := os.Chmod(d.Abs(name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d
}

// carried returns a folder with both shards, as two machines wrote them and a CI system
// carried them: in folders of its own, and with no file executable.
func carried(t *testing.T) string {
	t.Helper()
	d, to := project(t, made), filepath.Join(t.TempDir(), "artifacts")
	for i, s := range want().Shards {
		spans := artifact.Timeline{Spans: []artifact.Span{{Stage: "cross", Subject: s.Platform.String(), End: 7},
			{Stage: "cross", Subject: "darwin/arm64", End: 1}}}
		if _, err := Write(t.Context(), d, s, origin(), spans); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(to, string(rune('a'+i)), s.Name()), os.DirFS(d.Abs(s.Dir()))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range output.List(to) {
		if err := os.Chmod(filepath.Join(to, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// content returns what is in a folder, with whether it is executable, but for the cache.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range output.List(dir) {
		if strings.HasPrefix(name, "dist/.cache/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		info, err2 := os.Stat(filepath.Join(dir, name))
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if out[name] = string(data); info.Mode()&0o111 != 0 {
			out[name] += " x"
		}
	}
	return out
}

func TestWrite(t *testing.T) {
	d := project(t, made)
	r, err := Write(t.Context(), d, want().Shards[0], origin(), artifact.Timeline{})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, l := range r.Files {
		paths = append(paths, l.Path)
	}
	const list = "bin/linux_amd64/bosun bin/linux_amd64/build.json bin/linux_amd64/captain " +
		"deb/linux_amd64/packages.json deb/linux_amd64/ship.deb"
	if got := strings.Join(paths, " "); got != list {
		t.Errorf("the shard has %s, want %s", got, list)
	}
	if !r.Files[2].Executable || r.Files[1].Executable {
		t.Errorf("the files are %+v", r.Files)
	}
	again, err := read(d.Abs("dist/shards/ship.linux-amd64"))
	if err != nil || !slices.Equal(again.Files, r.Files) || again.Toolchain != "go1.26.8" {
		t.Errorf("read as %+v, %v", again, err)
	}
	_, err = Write(t.Context(), d, Shard{"ship", mac}, origin(), artifact.Timeline{})
	says(t, err, "dist/ship/bin/darwin_arm64 is empty: a shard is written of what was built\n"+
		"  To build it: mage cross -fork=ship -platforms=darwin/arm64")
	if d.Exists("dist/shards/ship.darwin-arm64") {
		t.Error("there is a shard of nothing")
	}
}

// TestMergeIsAsIfOneMachineHadMadeIt merges in all orders and layouts, onto what is there.
func TestMergeIsAsIfOneMachineHadMadeIt(t *testing.T) {
	one := only(made, func(name string) bool { return !strings.Contains(name, "images") })
	from := carried(t)
	a, b := filepath.Join(from, "a"), filepath.Join(from, "b")
	for name, c := range map[string]struct {
		folders []string
		has     map[string]string
		stays   string
	}{
		"a folder above both":  {folders: []string{from}},
		"a folder each":        {folders: []string{a, b}},
		"in another order":     {folders: []string{b, a}},
		"a shard itself":       {folders: []string{filepath.Join(b, "ship.linux-arm64"), a}},
		"links to folders":     {folders: []string{linkTo(t, a), linkTo(t, filepath.Join(b, "ship.linux-arm64"))}},
		"one twice":            {folders: []string{from, b}},
		"it is there already":  {folders: []string{from}, has: made, stays: "dist/ship/images/index.json"},
		"another is there":     {folders: []string{from}, has: map[string]string{"dist/ship/bin/linux_arm64/captain": "old"}},
		"more files are there": {folders: []string{from}, has: map[string]string{"dist/ship/bin/linux_arm64/purser": "old"}},
		"another fork's stays": {folders: []string{from}, has: map[string]string{"dist/boat/bin/linux_arm64/cook": "boat"},
			stays: "dist/boat/bin/linux_arm64/cook"},
	} {
		t.Run(name, func(t *testing.T) {
			d := project(t, c.has)
			records, err := Merge(t.Context(), d, c.folders, want())
			if err != nil {
				t.Fatal(err)
			}
			if len(records) != 2 || records[0].Shard != "ship.linux-amd64" {
				t.Errorf("merged %+v", records)
			}
			got := content(t, d.Project)
			if c.stays != "" && got[c.stays] == "" {
				t.Errorf("%s is gone", c.stays)
			}
			delete(got, c.stays)
			for name, text := range one {
				if base := filepath.Base(name); base == "captain" || base == "bosun" {
					text += " x"
				}
				if got[name] != text {
					t.Errorf("%s is %q, want %q", name, got[name], text)
				}
				delete(got, name)
			}
			if len(got) > 0 {
				t.Errorf("there are also %v", got)
			}
			if spans := Built(records).Spans; len(spans) != 2 || spans[1].Subject != "linux/arm64" {
				t.Errorf("the timeline is %+v", spans)
			}
		})
	}
}

// linkTo returns a link to a folder.
func linkTo(t *testing.T, to string) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
	return at
}

// only returns the entries of a map whose names f takes.
func only(all map[string]string, f func(name string) bool) map[string]string {
	out := map[string]string{}
	for name, text := range all {
		if f(name) {
			out[name] = text
		}
	}
	return out
}

// TestMergeNamesAllFaults holds that whoever has several has them at once.
func TestMergeNamesAllFaults(t *testing.T) {
	from := carried(t)
	write("a/ship.linux-amd64/bin/linux_amd64/captain", "x")(t, from)
	replaced("1.4.1+test.1", "1.4.2", "go1.26.8", "go1.26.9")(t, from)
	w := want()
	w.Shards = append(w.Shards, Shard{"ship", mac})
	_, err := Merge(t.Context(), project(t, nil), []string{from}, w)
	for _, part := range []string{"a changed bin/linux_amd64/captain", "the fork's version is 1.4.2",
		"the toolchain is go1.26.9",
		"shard ship.darwin-arm64 is missing"} {
		says(t, err, part)
	}
}

// TestCopyChecks holds that nothing else is placed than what was checked.
func TestCopyChecks(t *testing.T) {
	from := carried(t)
	all, err := find([]string{filepath.Join(from, "b")})
	if err != nil || len(all) != 1 || all[0].check(t.Context()) != nil {
		t.Fatal(all, err)
	}
	write("b/ship.linux-arm64/bin/linux_arm64/captain", "x")(t, from)
	err = place(t.Context(), project(t, nil), all)
	says(t, err, "has a bin/linux_arm64/captain that changed while it was read\n  Merge again")
}

// TestMergeIntoWhatIsNoFolder holds that this is said before anything is placed.
func TestMergeIntoWhatIsNoFolder(t *testing.T) {
	d := project(t, map[string]string{"dist/ship/rpm": "mine", "dist/ship/bin/linux_arm64/captain": "old"})
	_, err := Merge(t.Context(), d, []string{carried(t)}, want())
	says(t, err, "dist/ship/rpm/linux_arm64: not a directory")
	if got := content(t, d.Project); len(got) != 2 {
		t.Errorf("dist has %v", got)
	}
}

// TestMergeThatEnds holds that nothing of dist changes before all is laid out.
func TestMergeThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := project(t, map[string]string{"dist/ship/bin/linux_arm64/captain": "old"})
	if _, err := Merge(ctx, d, []string{carried(t)}, want()); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that ended: %v", err)
	}
	if got := content(t, d.Project); len(got) != 1 {
		t.Errorf("dist has %v", got)
	}
	if left := output.List(d.Abs("dist/.cache/tmp")); left != nil {
		t.Errorf("the cache has %v", left)
	}
}

func TestInputs(t *testing.T) {
	all := map[string]string{
		"forks/ship/fork.yaml": "a", "forks/ship/fork.lock": "b", "forks/ship/base.lock": "c", "forks/ship/notes": "d",
		"forks/ship/files/ship/etc/ship": "e", "profiles/ship.yaml": "f", "profiles/ship/packages.yaml": "g",
		"forks/boat/fork.yaml": "h",
	}
	ours := func(files map[string]string) map[string]string {
		list, err := Inputs(t.Context(), testkit.Lay(t, files), "ship", "ship")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, p := range list {
			out[p.Name] = p.Digest
		}
		return out
	}
	before := ours(all)
	if len(before) != 6 || before["forks/ship/fork.yaml"] !=
		"sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" {
		t.Errorf("the inputs are %v", before)
	}
	for name, input := range map[string]string{
		"forks/ship/fork.yaml": "forks/ship/fork.yaml", "forks/ship/fork.lock": "forks/ship/fork.lock",
		"forks/ship/files/ship/etc/ship": "forks/ship/files", "forks/ship/base.lock": "forks/ship/base.lock",
		"profiles/ship.yaml": "profiles/ship.yaml", "profiles/ship/packages.yaml": "profiles/ship",
		"forks/ship/notes": "", "forks/boat/fork.yaml": "",
	} {
		edited := only(all, func(string) bool { return true })
		edited[name] += "!"
		for now, digest := range ours(edited) {
			if (before[now] != digest) != (now == input) {
				t.Errorf("with another %s, the input %s is %s, and was %s", name, now, digest, before[now])
			}
		}
	}
}
