package patches

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
)

// numbered returns a file of numbered lines, with some replaced.
func numbered(n int, other map[int]string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		line, ok := other[i]
		if !ok {
			line = strings.Repeat("x", i)
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// mergeFile merges with git merge-file.
func mergeFile(t *testing.T) Merge {
	testkit.Need(t, "git")
	return func(base, ours, theirs []byte) (Merged, error) {
		dir := t.TempDir()
		run := func(option string) (string, bool) {
			files{"base": string(base), "ours": string(ours), "theirs": string(theirs)}.lay(t, dir)
			_, err := testkit.TryGit(t, dir, "merge-file", "-q", option, "ours", "base", "theirs")
			merged, rerr := os.ReadFile(filepath.Join(dir, "ours"))
			must(t, rerr)
			return string(merged), err == nil
		}
		text, clean := run("--diff3")
		if clean {
			return Merged{Text: []byte(text)}, nil
		}
		decided, _ := run("--theirs")
		return Merged{[]byte(text), strings.Count(text, "<<<<<<<"), []byte(decided)}, nil
	}
}

// diffOf is a patch that makes after of before.
func diffOf(t *testing.T, name string, before, after files) Patch {
	t.Helper()
	repo := t.TempDir()
	testkit.Git(t, repo, "init", "-q")
	for _, f := range []files{before, after} {
		f.lay(t, repo)
		testkit.Git(t, repo, "add", "-A")
		testkit.Git(t, repo, "commit", "-q", "--allow-empty", "-m", name)
	}
	return Patch{Name: name, Strip: 1, Data: []byte(testkit.Git(t, repo, "diff", "--binary", "--full-index",
		"--no-renames", "HEAD~1", "HEAD"))}
}

func TestRebase(t *testing.T) {
	before := files{"f": numbered(30, nil), "g": "gee\n"}
	patched := files{"f": numbered(30, map[int]string{15: "ours"}), "g": "gee\n"}
	added := files{"f": numbered(30, nil), "g": "gee\n", "new": "made\n"}
	gone := files{"f": numbered(30, nil)}
	for _, c := range []struct {
		name          string
		patched, onto files
		want          Status
		files         string // their names and why
		after         files  // what the new upstream becomes, if it is not onto
	}{
		{"nothing changed", patched, before, Applies, "", patched},
		{"another file changed", patched, files{"f": numbered(30, nil), "g": "other\n"}, Applies, "",
			files{"f": numbered(30, map[int]string{15: "ours"}), "g": "other\n"}},
		{"lines above", patched, files{"f": "top\n" + numbered(30, nil)}, Moves, "",
			files{"f": "top\n" + numbered(30, map[int]string{15: "ours"})}},
		{"lines beside", patched, files{"f": numbered(30, map[int]string{13: "theirs"})}, Merges, "f",
			files{"f": numbered(30, map[int]string{13: "theirs", 15: "ours"})}},
		{"the same lines", patched, files{"f": numbered(30, map[int]string{15: "theirs"})}, Conflicts,
			"f: 1 of its merged places conflict", nil},
		{"the same change", patched, patched, InUpstream, "", nil},
		{"the same change and more", patched, files{"f": "top\n" + numbered(30, map[int]string{3: "more", 15: "ours"})},
			InUpstream, "", nil},
		{"the file is gone", patched, files{"g": "gee\n"}, Conflicts,
			"f: upstream deleted it; the patched file is unchanged",
			files{"g": "gee\n", "f": numbered(30, map[int]string{15: "ours"})}},
		{"a file that is made", added, before, Applies, "", added},
		{"a file that is made, and there", added, added, InUpstream, "", nil},
		{"a file that is made, and another is there", added, files{"f": numbered(30, nil), "new": "else\n"}, Conflicts,
			"new: 1 of its merged places conflict", nil},
		{"a file that is deleted", gone, before, Applies, "", gone},
		{"a file that is deleted, and gone", gone, gone, InUpstream, "", nil},
		{"a file that is deleted, and changed", gone, files{"f": numbered(30, nil), "g": "other\n"}, Conflicts,
			"g: the patch deletes it, and upstream changed it", nil},
		{"a mode", files{"f*": numbered(30, nil), "g": "gee\n"}, files{"f": "top\n" + numbered(30, nil), "g": "gee\n"},
			Applies, "", files{"f*": "top\n" + numbered(30, nil), "g": "gee\n"}},
		{"bytes that are no text", files{"f": "\x00new\x00", "g": "gee\n"}, files{"f": "\x00other", "g": "gee\n"}, Conflicts,
			"f: upstream changed it too, and it is not text; it is as the patch has it",
			files{"f": "\x00new\x00", "g": "gee\n"}},
	} {
		from := before
		if strings.Contains(c.name, "no text") {
			from = files{"f": "\x00old", "g": "gee\n"}
		}
		p := diffOf(t, "p", from, c.patched)
		out, err := Rebase(Rebasing{Before: from.lay(t, t.TempDir()), After: c.onto.lay(t, t.TempDir()),
			Series: []Patch{p}, Merge: mergeFile(t)})
		if err != nil || len(out) != 1 {
			t.Errorf("%s: Rebase() = %v, %v", c.name, out, err)
			continue
		}
		o := out[0]
		var told []string
		for _, f := range o.Files {
			f.Hunk = 0
			told = append(told, f.String())
		}
		if o.Status != c.want || strings.Join(told, ", ") != c.files || (len(o.Moved) > 0) != (c.want == Moves) {
			t.Errorf("%s: the patch %s %v, %q, want %s, %q", c.name, o.Status, o.Moved, told, c.want, c.files)
		}
		if c.want == InUpstream && len(o.Changes) > 0 {
			t.Errorf("%s: it changes %v", c.name, o.Changes)
		}
		if got := c.onto.after(o.Changes); c.after != nil && !equal(got, c.after) {
			t.Errorf("%s: it makes %q, want %q", c.name, got, c.after)
		}
		if c.want == Conflicts && strings.Contains(c.files, "merged") && !strings.Contains(contents(o.Changes), "<<<<<<<") {
			t.Errorf("%s: no marks in %q", c.name, contents(o.Changes))
		}
	}
}

func equal(a, b files) bool {
	for name, content := range a {
		if b[name] != content {
			return false
		}
	}
	return len(a) == len(b)
}

func contents(changes []filetree.Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.Write(c.Content)
	}
	return b.String()
}

// TestStepsComposeToTheWhole holds Steps against Apply.
func TestStepsComposeToTheWhole(t *testing.T) {
	base := files{"a": numbered(9, nil), "b": "b\n", "l@": "a"}
	trees := []files{base,
		{"a": numbered(9, map[int]string{3: "three"}), "b": "b\n", "l@": "a"},
		{"a*": numbered(9, map[int]string{3: "3"}), "c/d": "b\n"},
		{"a*": numbered(9, nil), "c": "now a file\n", "l@": "c"},
		base,
	}
	var series []Patch
	for i := range trees[1:] {
		series = append(series, diffOf(t, string(rune('1'+i)), trees[i], trees[i+1]))
	}
	d := base.lay(t, t.TempDir())
	steps, err := Steps(d, series)
	must(t, err)
	now := base
	for i, s := range steps {
		now = now.after(s.Changes)
		if !equal(now, trees[i+1]) {
			t.Errorf("after patch %s there is %q, want %q", s.Patch.Name, now, trees[i+1])
		}
	}
}
