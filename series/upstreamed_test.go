package series

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
)

// A harbour is an upstream repository, on which somebody has a branch.
type harbour struct {
	*testing.T
	dir string
}

func newHarbour(t *testing.T) harbour {
	t.Helper()
	testkit.Need(t, "git")
	h := harbour{t, t.TempDir()}
	h.git("init", "-q", "-b", "main")
	h.git("config", "user.name", "Mate")
	h.git("config", "user.email", "mate@example.org")
	return h
}

func (h harbour) git(args ...string) string {
	h.Helper()
	return strings.TrimSpace(testkit.Git(h.T, h.dir, args...))
}

// write writes a file of 40 lines, of which some say something else.
func (h harbour) write(name string, other map[int]string) {
	h.Helper()
	var b strings.Builder
	for i := 1; i <= 40; i++ {
		line, ok := other[i]
		if !ok {
			line = fmt.Sprintf("%s, line %d", name, i)
		}
		b.WriteString(line + "\n")
	}
	h.put(name, b.String())
}

func (h harbour) put(name, content string) {
	h.Helper()
	file := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		h.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		h.Fatal(err)
	}
}

// edit replaces a text in a file.
func (h harbour) edit(name, old, new string) {
	h.Helper()
	data, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil || !strings.Contains(string(data), old) {
		h.Fatalf("%s does not have %q: %v", name, old, err)
	}
	h.put(name, strings.Replace(string(data), old, new, 1))
}

func (h harbour) commit(message string) string {
	h.Helper()
	h.git("add", "-A")
	h.git("commit", "-q", "--allow-empty", "-m", message)
	return h.git("rev-parse", "HEAD")
}

// pick picks a commit, and gives it a message if there is one.
func (h harbour) pick(commit, message string) {
	h.Helper()
	h.git("cherry-pick", "--allow-empty", "-X", "theirs", commit)
	if message != "" {
		h.git("commit", "-q", "--amend", "-m", message)
	}
}

// session opens a session on a fork of tag whose series is the commits behind it up
// to tip.
func (h harbour) session(tag, tip string) (s *build.Session, notes *[]string) {
	h.Helper()
	project := h.TempDir()
	commit := h.git("rev-parse", tag+"^{commit}")
	for name, content := range map[string]string{
		"profiles/dock.yaml": "name: dock\nbuild:\n  - versions: \"1.x\"\ncomponents:\n  - {name: dock, main: .}\n",
		"forks/dock/fork.yaml": fmt.Sprintf("name: dock\nversion: %s+test.1\nupstream:\n  git: %s\n  commit: %s\n  tag: %s\n"+
			"patches:\n  - {git: %[2]s, commits: %[3]s..%[5]s}\nbuild:\n  components: [dock]\n  platforms: [linux/amd64]\n",
			strings.TrimPrefix(tag, "v"), h.dir, commit, tag, h.git("rev-parse", tip)),
	} {
		harbour{h.T, project}.put(name, content)
	}
	f, err := fork.Project{Dir: project}.Fork("dock")
	if err != nil {
		h.Fatal(err)
	}
	notes = &[]string{}
	s, err = build.Open(h.Context(), f, lock.Lock{}, build.Options{
		Env: append(os.Environ(), testkit.GitEnv(h.TempDir())...),
		Events: func(e event.Event) {
			if e.Kind == event.Note {
				*notes = append(*notes, e.Detail)
			}
		},
	})
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.Error(err)
		}
	})
	return s, notes
}

// rebase returns what becomes of the patches, by their subjects.
func (h harbour) rebase(tag, tip, onto string) (order []string, by map[string]RebasedPatch) {
	h.Helper()
	s, notes := h.session(tag, tip)
	reports, err := Rebase(h.Context(), s, RebaseRequest{Onto: onto})
	if err != nil || len(reports) != 1 || len(*notes) > 0 {
		h.Fatalf("%v, %v, %q", reports, err, *notes)
	}
	by = map[string]RebasedPatch{}
	for _, p := range reports[0].Patches {
		by[p.Subject], order = p, append(order, p.Subject)
	}
	return order, by
}

// branch makes the branch ours of 40 commits behind v1.0.0, each of a kind that its
// subject begins with, and returns them by subject.
func (h harbour) branch() (commits map[string]string, order []string) {
	h.Helper()
	h.put("go.mod", "module example.org/dock\n\ngo 1.24\n")
	for i := range 48 {
		h.write(fmt.Sprintf("pier%02d", i), nil)
	}
	h.commit("the dock")
	h.git("tag", "v1.0.0")
	h.git("checkout", "-q", "-b", "ours")
	commits = map[string]string{}
	add := func(kind string, n int, change func(i int)) {
		for range n {
			subject := fmt.Sprintf("%s %02d", kind, len(order))
			change(len(order))
			commits[subject], order = h.commit(subject), append(order, subject)
		}
	}
	line := func(i int) {
		name := fmt.Sprintf("pier%02d", i)
		h.edit(name, name+", line 20\n", fmt.Sprintf("changed by %d\n", i))
	}
	add("picked", 9, line)
	add("reworded", 4, line)
	depth := 0
	add("squashed", 5, func(int) { // all on one line
		depth++
		h.write("pier45", map[int]string{20: strings.Repeat("deeper ", depth)})
	})
	add("moved on", 4, line)
	add("reverted", 3, line)
	add("file", 2, func(i int) { h.write(fmt.Sprintf("new%02d", i), nil) })
	add("space", 2, line)
	add("mode", 1, func(i int) {
		if err := os.Chmod(filepath.Join(h.dir, fmt.Sprintf("pier%02d", i)), 0o755); err != nil {
			h.Fatal(err)
		}
	})
	add("deleted", 1, func(i int) { h.git("rm", "-q", fmt.Sprintf("pier%02d", i)) })
	add("mine", 4, line)
	add("clash", 2, line)
	add("on top", 1, func(i int) { // of the first of them
		h.edit(fmt.Sprintf("pier%02d", i-2), "line 24\n", "line 24, too\n")
	})
	add("back", 2, func(i int) { // one takes the other back
		if i%2 == 0 {
			h.write("pier46", map[int]string{20: "there"})
		} else {
			h.write("pier46", nil)
		}
	})
	return commits, order
}

// takes makes v1.1.0, which has all but the last kinds of the branch.
func (h harbour) takes(commits map[string]string, order []string) {
	h.Helper()
	h.git("checkout", "-q", "main")
	for i, subject := range order {
		name, _, _ := strings.Cut(subject, " ")
		switch name {
		case "picked", "moved", "file", "mode", "deleted":
			h.pick(commits[subject], "")
		case "reworded":
			h.pick(commits[subject], "The same in other words\n\nAnd with a reason.")
		case "space":
			h.git("cherry-pick", "-n", commits[subject])
			h.edit(fmt.Sprintf("pier%02d", i), fmt.Sprintf("changed by %d\n", i), fmt.Sprintf("changed  by %d\n", i))
			h.commit("with other space")
		case "squashed":
			h.git("cherry-pick", "-n", "-X", "theirs", commits[subject])
		case "reverted":
			h.pick(commits[subject], "")
			h.git("revert", "--no-edit", "HEAD")
		case "clash":
			h.edit(fmt.Sprintf("pier%02d", i), fmt.Sprintf("pier%02d, line 20\n", i), "upstream's\n")
			h.commit("clash with the branch")
		}
		if name == "squashed" && !strings.HasPrefix(order[i+1], "squashed") {
			h.commit("all of it at once")
		}
	}
	for i, subject := range order {
		if strings.HasPrefix(subject, "moved on") {
			h.edit(fmt.Sprintf("pier%02d", i), fmt.Sprintf("changed by %d\n", i), "and changed again\n")
		}
	}
	h.commit("move on")
	h.git("tag", "v1.1.0")
}

// TestRebaseFindsWhatUpstreamTook holds a report against what git cherry and git
// cherry-pick say of the same commits.
func TestRebaseFindsWhatUpstreamTook(t *testing.T) {
	h := newHarbour(t)
	commits, order := h.branch()
	h.takes(commits, order)
	told, by := h.rebase("v1.0.0", "ours", "v1.1.0")
	if !slices.Equal(told, order) || len(order) != 40 {
		t.Fatalf("the report is on %q, want %q", told, order)
	}
	picked := map[string]bool{} // as git tells by patch id
	for line := range strings.Lines(h.git("cherry", "v1.1.0", "ours", "v1.0.0")) {
		mark, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		picked[id] = mark == "-"
	}
	h.git("checkout", "-q", "--detach", "v1.1.0")
	taken := 0
	for _, subject := range order {
		kind, p, want := subject[:len(subject)-3], by[subject], "upstream"
		if !(picked[commits[subject]] && kind != "reverted") && kind != "squashed" {
			want = h.cherryPick(commits[subject])
		}
		got := map[patches.Status]string{patches.Moves: "applies", patches.Merges: "applies"}[p.Status]
		if got == "" {
			got = string(p.Status)
		}
		if got != want {
			t.Errorf("%s: the report says %s, and git %s", subject, p.Status, want)
		}
		if got == "upstream" {
			taken++
			if p.Upstream == "" {
				t.Errorf("%s: no commit is named", subject)
			}
		}
		if (kind == "reverted") != (p.Reverted != "") {
			t.Errorf("%s: it was taken back with %q", subject, p.Reverted)
		}
		if kind == "clash" && (len(p.Files) != 1 || len(p.Files[0].Upstream) != 1 ||
			!strings.HasSuffix(p.Files[0].Upstream[0], " clash with the branch")) {
			t.Errorf("%s: the files are %v", subject, p.Files)
		}
	}
	if taken != 28 {
		t.Errorf("upstream took %d, want 28", taken)
	}
	for subject, want := range map[string]string{
		"picked 00": "picked 00", "reworded 09": "The same in other words", "squashed 13": "all of it at once",
		"moved on 18": "moved on 18", "space 27": "with other space",
	} {
		if got := by[subject].Upstream; len(got) < 13 || got[13:] != want {
			t.Errorf("%s: upstream has it with %q, want %q", subject, got, want)
		}
	}
}

// cherryPick picks a commit, and returns what that says in the words of a report. A
// conflict is decided for the commit.
func (h harbour) cherryPick(commit string) string {
	h.Helper()
	before := h.git("rev-parse", "HEAD^{tree}")
	_, err := testkit.TryGit(h.T, h.dir, "cherry-pick", "--allow-empty", "--keep-redundant-commits", commit)
	if err != nil {
		h.git("cherry-pick", "--abort")
		h.git("cherry-pick", "-X", "theirs", commit)
		return "conflicts"
	}
	if h.git("rev-parse", "HEAD^{tree}") == before {
		return "upstream"
	}
	return "applies"
}

func TestTakenBy(t *testing.T) {
	for _, c := range []struct {
		name   string
		copies []source.Copy
		want   []bool
	}{
		{"nothing", []source.Copy{{}, {}}, []bool{false, false}},
		{"one", []source.Copy{{}, {Commit: "a one"}}, []bool{false, true}},
		{"one, and taken back", []source.Copy{{Commit: "a one", Undone: "b back"}, {}}, []bool{false, false}},
		{"both, the patch and the one that takes it back",
			[]source.Copy{{Commit: "a one", Undone: "b back"}, {Commit: "b back"}}, []bool{true, true}},
	} {
		if got := takenBy(c.copies); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
