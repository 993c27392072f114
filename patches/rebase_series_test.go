package patches

import (
	"fmt"
	"strings"
	"testing"
)

// thirty returns 30 numbered lines with some replaced: pairs of a number and a text.
func thirty(other ...any) string {
	m := map[int]string{}
	for i := 0; i < len(other); i += 2 {
		m[other[i].(int)] = other[i+1].(string)
	}
	return numbered(30, m)
}

// rebased has a series rebased whose patches make each of trees of the one before
// it, and returns what is told of each patch, a line each, and the tree that the
// new upstream becomes.
func rebased(t *testing.T, trees []files, onto files, taken ...bool) (told string, after files) {
	t.Helper()
	var series []Patch
	for i := range trees[1:] {
		series = append(series, diffOf(t, fmt.Sprint(i+1), trees[i], trees[i+1]))
	}
	out, err := Rebase(Rebasing{Before: trees[0].lay(t, t.TempDir()), After: onto.lay(t, t.TempDir()), Series: series,
		Taken: taken, Merge: mergeFile(t)})
	must(t, err)
	var all []string
	for _, o := range out {
		line := string(o.Status)
		for _, f := range o.Files {
			f.Hunk = 0
			line += "; " + f.String()
		}
		all = append(all, line)
		onto = onto.after(o.Changes)
	}
	return strings.Join(all, "\n"), onto
}

func TestRebaseSeries(t *testing.T) {
	for _, c := range []struct {
		name  string
		trees []files // before the first patch, and after each
		onto  files
		taken []bool
		want  string // what is told of each patch
		after files  // nil: not compared
	}{
		{
			name: "the next release has the end of two patches, not what is between",
			trees: []files{
				{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty(5, "two")}, {"f": thirty(5, "two", 25, "more")},
			},
			onto:  files{"f": "top\n" + thirty(5, "two")},
			want:  "upstream\nupstream\nmoved",
			after: files{"f": "top\n" + thirty(5, "two", 25, "more")},
		},
		{
			name: "of three patches on the same lines it has the first two",
			trees: []files{
				{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty(5, "two")}, {"f": thirty(5, "three")},
			},
			onto:  files{"f": thirty(5, "two")},
			want:  "upstream\nupstream\napplies",
			after: files{"f": thirty(5, "three")},
		},
		{
			name:  "it has a file that two patches make",
			trees: []files{{"f": "f"}, {"f": "f", "new": "1\n2\n3\n"}, {"f": "f", "new": "1\nx\n3\n"}},
			onto:  files{"f": "f", "new": "1\nx\n3\n"},
			want:  "upstream\nupstream",
			after: files{"f": "f", "new": "1\nx\n3\n"},
		},
		{
			name:  "a patch and the one that reverts it, of which it has none",
			trees: []files{{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty()}},
			onto:  files{"f": thirty()},
			want:  "applies\napplies",
			after: files{"f": thirty()},
		},
		{
			name:  "it took a patch and changed the same lines since",
			trees: []files{{"f": thirty()}, {"f": thirty(5, "one")}},
			onto:  files{"f": thirty(5, "one, and more")},
			taken: []bool{true},
			want:  "upstream",
			after: files{"f": thirty(5, "one, and more")},
		},
		{
			name: "a patch elsewhere in a file with a conflict, and one on the same line",
			trees: []files{
				{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty(5, "one", 25, "two")},
				{"f": thirty(5, "one and three", 25, "two")},
			},
			onto: files{"f": thirty(5, "theirs")},
			want: "conflicts; f: 1 of its merged places conflict\n" +
				"applies; f (after the conflict of 1)\napplies; f (after the conflict of 1)",
			after: files{"f": "x\nxx\nxxx\nxxxx\n<<<<<<< ours\ntheirs\n||||||| base\nxxxxx\n=======\none and three\n" +
				">>>>>>> theirs\n" + strings.TrimPrefix(thirty(25, "two"), "x\nxx\nxxx\nxxxx\nxxxxx\n")},
		},
		{
			name:  "a patch beside the lines of a conflict",
			trees: []files{{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty(5, "one", 7, "two")}},
			onto:  files{"f": thirty(5, "theirs")},
			want:  "conflicts; f: 1 of its merged places conflict\napplies; f (after the conflict of 1)",
		},
		{
			name:  "a patch that has a conflict by itself in a file with another",
			trees: []files{{"f": thirty()}, {"f": thirty(5, "one")}, {"f": thirty(5, "one", 25, "two")}},
			onto:  files{"f": thirty(5, "theirs", 25, "theirs")},
			want: "conflicts; f: 1 of its merged places conflict\n" +
				"conflicts; f: 1 of its merged places conflict (after the conflict of 1)",
		},
		{
			name:  "a file that upstream deleted, and two patches of it",
			trees: []files{{"f": thirty(), "g": "g"}, {"f": thirty(5, "one"), "g": "g"}, {"f": thirty(5, "two"), "g": "g"}},
			onto:  files{"g": "g"},
			want: "conflicts; f: upstream deleted it; the patched file is unchanged\n" +
				"applies; f (after the conflict of 1)",
			after: files{"f": thirty(5, "two"), "g": "g"},
		},
		{
			name:  "of a patch that conflicts, the file that merged is not told",
			trees: []files{{"f": thirty(), "g": thirty()}, {"f": thirty(5, "one"), "g": thirty(5, "one")}},
			onto:  files{"f": thirty(5, "theirs"), "g": thirty(3, "theirs")},
			want:  "conflicts; f: 1 of its merged places conflict",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, after := rebased(t, c.trees, c.onto, c.taken...)
			if told != c.want {
				t.Errorf("it is told:\n%s\nwant:\n%s", told, c.want)
			}
			if c.after != nil && !equal(after, c.after) {
				t.Errorf("it makes %q, want %q", after, c.after)
			}
			if text := after["f"]; strings.Count(text, "<<<<<<<") != strings.Count(text, ">>>>>>>") ||
				strings.Contains(text, "<<<<<<< ours\n<<<<<<<") {
				t.Errorf("there are marks in marks:\n%s", text)
			}
		})
	}
}

func TestRebaseFollowsRenames(t *testing.T) {
	for _, c := range []struct {
		name  string
		trees []files
		onto  files
		want  string
		after files
	}{
		{
			name:  "upstream renamed the file",
			trees: []files{{"a/f": thirty()}, {"a/f": thirty(15, "ours")}},
			onto:  files{"b/f": thirty()},
			want:  "merged; a/f, renamed to b/f: merged",
			after: files{"b/f": thirty(15, "ours")},
		},
		{
			name:  "and changed it, beside a file that is less like it",
			trees: []files{{"f": thirty()}, {"f": thirty(15, "ours")}, {"f": thirty(15, "ours", 29, "more")}},
			onto:  files{"other": thirty(1, "1", 28, "2", 29, "3", 30, "4"), "g": thirty(3, "theirs")},
			want:  "merged; f, renamed to g: merged\nmerged; f, renamed to g: merged",
			after: files{"other": thirty(1, "1", 28, "2", 29, "3", 30, "4"), "g": thirty(3, "theirs", 15, "ours", 29, "more")},
		},
		{
			name:  "and has the patch",
			trees: []files{{"f": thirty()}, {"f": thirty(15, "ours")}},
			onto:  files{"g": thirty(15, "ours")},
			want:  "upstream",
			after: files{"g": thirty(15, "ours")},
		},
		{
			name:  "and changed the same line",
			trees: []files{{"f": thirty()}, {"f": thirty(15, "ours")}},
			onto:  files{"g": thirty(15, "theirs")},
			want:  "conflicts; f, renamed to g: 1 of its merged places conflict",
		},
		{
			name:  "a file that is too different is no rename",
			trees: []files{{"f": thirty()}, {"f": thirty(15, "ours")}},
			onto:  files{"g": strings.Repeat("something else\n", 30)},
			want:  "conflicts; f: upstream deleted it; the patched file is unchanged",
		},
		{
			name:  "the patch renamed the file, and upstream changed it",
			trees: []files{{"f": thirty()}, {"g": thirty(15, "ours")}},
			onto:  files{"f": thirty(3, "theirs")},
			want:  "merged; f, renamed to g: merged",
			after: files{"g": thirty(3, "theirs", 15, "ours")},
		},
		{
			name:  "both renamed it alike",
			trees: []files{{"f": thirty()}, {"g": thirty(15, "ours")}},
			onto:  files{"g": thirty(3, "theirs")},
			want:  "merged; f, renamed to g: merged",
			after: files{"g": thirty(3, "theirs", 15, "ours")},
		},
		{
			name:  "each renamed it otherwise",
			trees: []files{{"f": thirty()}, {"g": thirty(15, "ours")}},
			onto:  files{"h": thirty()},
			want:  "conflicts; f, renamed to g: the patch renames it to g, and upstream to h",
			after: files{"g": thirty(15, "ours")},
		},
		{
			name:  "the patch deletes it",
			trees: []files{{"f": thirty(), "x": "x"}, {"x": "x"}},
			onto:  files{"g": thirty(), "x": "x"},
			want:  "conflicts; f, renamed to g: the patch deletes it, and upstream renamed it",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, after := rebased(t, c.trees, c.onto)
			if told != c.want {
				t.Errorf("it is told:\n%s\nwant:\n%s", told, c.want)
			}
			if c.after != nil && !equal(after, c.after) {
				t.Errorf("it makes %q, want %q", after, c.after)
			}
		})
	}
}

// TestRebaseInstead rebases a series whose first patch is another one on the new upstream.
func TestRebaseInstead(t *testing.T) {
	old, now := files{"f": thirty()}, files{"f": thirty(28, "new")}
	first := diffOf(t, "first", old, files{"f": thirty(), "g": "old\n"})
	second := diffOf(t, "second", files{"f": thirty(), "g": "old\n"}, files{"f": thirty(5, "two"), "g": "old\n"})
	for name, c := range map[string]struct {
		instead Patch
		want    string
		after   files
	}{
		"it applies": {
			diffOf(t, "first", now, files{"f": now["f"], "g": "new\n"}), "applies\napplies",
			files{"f": thirty(5, "two", 28, "new"), "g": "new\n"},
		},
		"at other lines": {
			diffOf(t, "first", files{"f": "top\n" + now["f"]}, files{"f": "top\n" + thirty(20, "x", 28, "new")}),
			"moved\napplies",
			files{"f": thirty(5, "two", 20, "x", 28, "new")},
		},
		"it does not": {
			diffOf(t, "first", files{"h": "a\n"}, files{"h": "b\n"}),
			"conflicts; h: the patch that is made for this version does not apply behind those before it\napplies",
			files{"f": thirty(5, "two", 28, "new")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Rebase(Rebasing{Before: old.lay(t, t.TempDir()), After: now.lay(t, t.TempDir()),
				Series: []Patch{first, second}, Instead: map[string]Patch{"first": c.instead}, Merge: mergeFile(t)})
			must(t, err)
			var told []string
			after := now
			for _, o := range out {
				line := string(o.Status)
				for _, f := range o.Files {
					line += "; " + f.String()
				}
				told, after = append(told, line), after.after(o.Changes)
			}
			if got := strings.Join(told, "\n"); got != c.want {
				t.Errorf("told is\n%s\nwant\n%s", got, c.want)
			}
			if fmt.Sprint(after) != fmt.Sprint(c.after) {
				t.Errorf("the tree is %v, want %v", after, c.after)
			}
			if string(out[0].Patch.Data) != string(c.instead.Data) {
				t.Error("the outcome is not of the other patch")
			}
		})
	}
}
