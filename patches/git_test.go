package patches

import (
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

// TestApplyMakesGitsTree makes random histories, and checks that the patches
// git writes of one make the tree that the history ends in.
func TestApplyMakesGitsTree(t *testing.T) {
	testkit.Need(t, "git")
	options := [][]string{
		{},
		{"-M"},
		{"-C", "--find-copies-harder"},
		{"--no-renames", "-U1"},
		{"-B", "-M", "-C", "-U5"},
		{"--no-prefix", "-M"},
		{"-M", "--full-index", "--no-signature", "--patience"},
	}
	for seed := range int64(42) {
		option := options[seed%int64(len(options))]
		t.Run(fmt.Sprintf("%d %s", seed, strings.Join(option, " ")), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(seed))
			repo := t.TempDir()
			testkit.Git(t, repo, "init", "-q")
			commit := func(f files) filetree.Dir {
				d := f.lay(t, repo)
				testkit.Git(t, repo, "add", "-A")
				testkit.Git(t, repo, "commit", "-q", "--allow-empty", "-m", "A change\n\n--- not a diff\n@@ nor this")
				return d
			}
			f := randomFiles(r)
			base := f.lay(t, t.TempDir())
			commit(f)
			var want filetree.Dir
			for range 6 {
				f = edit(r, f)
				want = commit(f)
			}
			strip := 1
			if slices.Contains(option, "--no-prefix") {
				strip = 0
			}
			out := t.TempDir()
			testkit.Git(t, repo, append([]string{"format-patch", "-q", "-o", out, "HEAD~6"}, option...)...)
			var series []Patch
			names, err := filepath.Glob(filepath.Join(out, "*.patch"))
			must(t, err)
			for _, name := range names {
				data, err := os.ReadFile(name)
				must(t, err)
				if strings.Contains(string(data), "\ndiff --git ") {
					series = append(series, Patch{Name: filepath.Base(name), Strip: strip, Data: data})
				}
			}
			got, err := Apply(base, series)
			must(t, err)
			if diff := base.Tree.Changed(got.Changes).Differ(want.Tree); diff != nil || got.Moved != nil {
				t.Errorf("not git's tree: these differ: %q; moved: %+v", diff, got.Moved)
			}
		})
	}
}

// randomFiles returns a tree with names and lines that are hard to carry.
func randomFiles(r *rand.Rand) files {
	f := files{}
	for _, name := range []string{"a", "b c", "d/e", "d/f\tg", "d/h/i", "d/h/ü", `j"k`, "l -> m/n", "o", "p/q", "r*",
		"d/s*", "zz b/zz"} {
		f[name] = randomText(r, 5+r.Intn(60))
	}
	f["d/link@"] = "../o"
	f["dangling@"] = "nowhere"
	return f
}

// randomText returns lines, few of them unique.
func randomText(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(randomLine(r))
	}
	if r.Intn(4) == 0 {
		return strings.TrimRight(b.String(), "\r\n")
	}
	return b.String()
}

func randomLine(r *rand.Rand) string {
	lines := []string{"\n", "}\n", "\treturn nil\n", "-- \n", "--- a\n", "+++ b\n", "@@ -1 +1 @@\n", "dos\r\n",
		`\ No newline` + "\n", " \n"}
	if r.Intn(3) == 0 {
		return fmt.Sprintf("line %d\n", r.Intn(1000))
	}
	return lines[r.Intn(len(lines))]
}

// edit returns f with some files edited, moved, made and deleted.
func edit(r *rand.Rand, f files) files {
	f = maps.Clone(f)
	for range 1 + r.Intn(6) {
		keys := slices.Sorted(maps.Keys(f))
		key := keys[r.Intn(len(keys))]
		name, mode := split(key)
		text := f[key]
		switch op := r.Intn(12); {
		case op < 5 && mode != filetree.Link:
			f[key] = editText(r, text)
		case op == 5 && !strings.HasPrefix(text, "../"): // move, to where it may meet a file or folder
			delete(f, key)
			f.put(path.Join([]string{"d", "a", "new", "."}[r.Intn(4)], path.Base(name)), mode, text)
		case op == 6 && mode != filetree.Link: // copy, and change both
			f.put(name+".copy", mode, editText(r, text))
			f[key] = editText(r, text)
		case op == 7 && mode != filetree.Link:
			delete(f, key)
			f[join(name, map[filetree.Mode]filetree.Mode{filetree.Regular: filetree.Executable,
				filetree.Executable: filetree.Regular}[mode])] = text
		case op == 8 && len(f) > 3:
			delete(f, key)
		case op == 9: // a link in place of a file
			delete(f, key)
			f.put(name, filetree.Link, fmt.Sprintf("target%d", r.Intn(9)))
		case op == 10: // a file or link in place of a folder
			f.put([]string{"d", "d/h", "p", "new"}[r.Intn(4)], []filetree.Mode{filetree.Link, filetree.Regular}[r.Intn(2)], "o")
		default:
			f.put(fmt.Sprintf("new/%d", r.Intn(20)), filetree.Regular, randomText(r, r.Intn(4)))
		}
	}
	return f
}

// put makes room for a file and puts it there.
func (f files) put(name string, mode filetree.Mode, text string) {
	for key := range f {
		other, _ := split(key)
		if other == name || strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
			delete(f, key)
		}
	}
	f[join(name, mode)] = text
}

// editText changes some lines.
func editText(r *rand.Rand, text string) string {
	lines := slices.Collect(strings.Lines(text))
	for range 1 + r.Intn(4) {
		i := r.Intn(len(lines) + 1)
		switch {
		case r.Intn(2) == 0 && i < len(lines):
			lines = slices.Delete(lines, i, i+1)
		case i == len(lines) && i > 0 && !strings.HasSuffix(lines[i-1], "\n"):
			lines[i-1] += "\n"
		default:
			lines = slices.Insert(lines, i, randomLine(r))
		}
	}
	return strings.Join(lines, "")
}

// TestApplyAgreesWithGitApply lays a patch on a file other than the one it was
// made for, and checks that Apply does what git apply does: the same hunks
// apply, at the same lines.
func TestApplyAgreesWithGitApply(t *testing.T) {
	testkit.Need(t, "git")
	count := map[string]int{}
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		before, after, shifted := randomEdit(r)
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "old"), []byte(before), 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "new"), []byte(after), 0o644))
		diff, _ := testkit.TryGit(t, dir, "diff", "--no-index", fmt.Sprintf("-U%d", 1+r.Intn(3)), "old", "new")
		if diff == "" {
			continue
		}
		diff = strings.NewReplacer("a/old", "a/file", "b/new", "b/file").Replace(diff)
		p := Patch{Name: "p", Strip: 1, Data: []byte(diff)}
		base := files{"file": shifted}
		d := base.lay(t, t.TempDir())
		got, err := Apply(d, []Patch{p})
		must(t, os.WriteFile(filepath.Join(d.Path, "p"), p.Data, 0o644))
		said, gitErr := testkit.TryGit(t, d.Path, "apply", "--whitespace=nowarn", "p")
		must(t, os.Remove(filepath.Join(d.Path, "p")))
		theirs := scan(t, d.Path)
		switch {
		case err != nil && gitErr != nil:
			count["both refuse"]++
		case gitErr == nil && wantsEnd(t, p):
			count["bound to the end"]++
		case (err != nil) != (gitErr != nil):
			t.Errorf("seed %d: Apply: %v\ngit: %v %s\n%s\non:\n%s", seed, err, gitErr, said, diff, shifted)
		case !reflect.DeepEqual(d.Tree.Changed(got.Changes), theirs.Tree):
			t.Errorf("seed %d: Apply and git apply make different files\n%s\non:\n%s", seed, diff, shifted)
		default:
			count["both apply"]++
			count["hunks moved"] += len(got.Moved)
		}
	}
	for _, what := range []string{"both apply", "both refuse", "hunks moved"} {
		if count[what] < 50 {
			t.Errorf("too few cases to tell: %v", count)
		}
	}
	t.Log(count)
}

// wantsEnd reports whether the patch has a hunk that Apply binds to the end of
// the file and git does not. Like GNU patch without fuzz, Apply does so for less
// context behind than before (git only for none), and it takes a newline that
// is missing in the context for part of the line (git does not).
func wantsEnd(t *testing.T, p Patch) bool {
	diffs, err := Parse(p)
	must(t, err)
	for _, h := range diffs[0].Hunks {
		last := h.Lines[len(h.Lines)-1]
		if last.Op == ' ' && (h.pattern('+').atEnd || !endsLine(last.Text)) {
			return true
		}
	}
	return false
}

// randomEdit returns a text, an edit of it, and another edit of it. It either
// has lines that are all different and many hunks, or one hunk: for where lines
// are alike, git does not expect a hunk to have moved as far as the one before.
func randomEdit(r *rand.Rand) (before, after, shifted string) {
	var lines []string
	n, alike, edits := 4+r.Intn(60), r.Intn(2) == 0, 1
	for i := range n {
		if alike {
			lines = append(lines, []string{"}\n", "\n", "if\n"}[r.Intn(3)])
		} else {
			lines = append(lines, fmt.Sprintf("line %d\n", i))
		}
	}
	if !alike {
		edits = 1 + r.Intn(3)
	}
	change := func(lines []string, times, size int) string {
		lines = slices.Clone(lines)
		for i := range times {
			at := r.Intn(len(lines))
			for j := range size {
				lines = slices.Insert(lines, at, fmt.Sprintf("%d new %d\n", i, j))
			}
			if r.Intn(2) == 0 {
				lines = slices.Delete(lines, at+size, at+size+1)
			}
		}
		return strings.Join(lines, "")
	}
	before, after, shifted = strings.Join(lines, ""), change(lines, edits, r.Intn(3)),
		change(lines, r.Intn(3), 1+r.Intn(9))
	if r.Intn(6) == 0 {
		before, after = strings.TrimSuffix(before, "\n"), strings.TrimSuffix(after, "\n")
	}
	return before, after, shifted
}
