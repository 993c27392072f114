package gitrepo

import (
	"strings"
	"testing"
)

// TestCommitsWithMerges takes a branch with a merge in both ways, and one whose base
// is on the side that was merged.
func TestCommitsWithMerges(t *testing.T) {
	r := newRepo(t)
	r.put("f", "1\n")
	base := r.commit("base")
	r.git("checkout", "-q", "-b", "side")
	r.put("side", "x")
	side := r.commit("side")
	r.git("checkout", "-q", "main")
	r.put("f", "2\n")
	r.commit("on main")
	r.git("merge", "-q", "--no-ff", "-m", "meet", "side")
	r.put("f", "3\n")
	tip := r.commit("after")
	remote := r.remote()
	for _, c := range []struct{ base, merges, want, fails string }{
		{base, "first-parent", "on main, meet, after", ""},
		{base, "flatten", "side, on main, after", ""},
		{base, "", "", "Say how to take it: merges: first-parent"},
		{side, "first-parent", "", "do not lead to " + side[:12] + ", but to " + base[:12]},
	} {
		of := Range{Base: c.base, Tip: tip, Merges: c.merges}
		commits, err := remote.Commits(t.Context(), of)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v: Commits() = %v, want %q", of, err, c.fails)
			}
			continue
		}
		var subjects []string
		for _, commit := range commits {
			subjects = append(subjects, commit.Subject)
		}
		if c.merges == "flatten" && err == nil && strings.HasPrefix(strings.Join(subjects, ", "), "on main, side") {
			subjects[0], subjects[1] = subjects[1], subjects[0] // both orders are right
		}
		if got := strings.Join(subjects, ", "); err != nil || got != c.want {
			t.Errorf("%v: Commits() = %s, %v, want %s", of, got, err, c.want)
		}
		if err := remote.Contents(t.Context(), commits, nil); err != nil {
			t.Fatal(err)
		}
		if c.merges == "first-parent" {
			p, err := remote.Patch(t.Context(), commits[1].ID, nil)
			if err != nil || !strings.Contains(string(p.Data), "+++ b/side") || strings.Contains(string(p.Data), "b/f") {
				t.Errorf("the merge is %s, %v", p.Data, err)
			}
		}
	}
	files, err := remote.Differ(t.Context(), base, tip, nil)
	if err != nil || len(files) != 2 || files["f"].Blob != BlobID([]byte("3\n")) || files["side"].Mode != "100644" {
		t.Errorf("Differ() = %v, %v", files, err)
	}
}
