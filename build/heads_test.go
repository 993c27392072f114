package build

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/patches"
	"github.com/slipway-build/slipway/source"
	"github.com/slipway-build/slipway/spec"
)

const deck = "diff --git a/deck b/deck\n--- a/deck\n+++ b/deck\n@@ -1 +1 @@\n-a\n+b\n"

// commit is the name of a carried commit.
const commit = "14100d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f71"

func TestReleased(t *testing.T) {
	y := newYard(t)
	y.fork.Series = []patches.Patch{
		{Name: "1.patch", Strip: 1, Data: []byte("Description: Mend the deck\nAuthor: Mate <mate@example.org>\n" +
			"Origin: backport, https://example.org/1\nCVE: CVE-2025-13281\n\n" + deck)},
		{Name: "2.patch", Strip: 1, Data: []byte("CVE: CVE-2025-0001\n\n" + strings.ReplaceAll(deck, "deck", "docs/deck"))},
		{Name: "3.patch", Strip: 1, Data: []byte(deck)},
	}
	y.fork.Upstream.Exclude = []string{"docs/**"}
	got, err := y.open().Released(t.Context())
	must(t, err)
	want := []artifact.ReleasedPatch{
		{Name: "1.patch", Digest: "sha256:" + y.fork.Series[0].SHA256(), Title: "Mend the deck",
			Author: "Mate <mate@example.org>", Origin: "backport, https://example.org/1", CVEs: []string{"CVE-2025-13281"}},
		{Name: "3.patch", Digest: "sha256:" + y.fork.Series[2].SHA256(), Title: "3.patch"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the patches are %+v\nwant %+v", got, want)
	}
	fixes, err := Closes(y.fork)
	must(t, err)
	equal(t, "what its files fix", fixes, []string{"CVE-2025-13281"})
}

func TestReadHeadsThatAreWrong(t *testing.T) {
	const form = "is not the ID of a vulnerability: write one as CVE-2025-13281, GHSA-r6j8-c6r2-37rr or GO-2025-4240, " +
		"several with commas; or remove the line if the patch fixes none"
	head := "From: Mate <mate@example.org>\nSubject: deck\n\nCVE: soon\n---\n"
	_, err := readHeads(fork.Fork{ID: "ship-1.4"}, []patches.Patch{
		{Name: commit, Strip: 1, Data: []byte(head + deck), Diff: len(head)},
		{Name: "1.patch", Strip: 1, Data: []byte(deck)},
		{Name: "2.patch", Strip: 1, Data: []byte("Author: Mate\nCVE: CVE-2025-none\n\n" + deck)},
	})
	want := "commit " + commit + `:4: CVE: "soon" ` + form + "\n" +
		"  A carried commit keeps its message. To edit it, take the commits as files, without their entry in fork.yaml: " +
		"mage patches:import -fork=ship-1.4 -as=files\n" +
		`forks/ship-1.4/patches/2.patch:2: CVE: "CVE-2025-none" ` + form
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
}

func TestRepositoryOf(t *testing.T) {
	f := fork.Fork{}
	for _, git := range []string{"https://mate:secret@example.org/ship.git", "../ship", "", "ssh://git@example.org/ship"} {
		f.Carried = append(f.Carried, spec.Carried{Carry: source.Carry{Git: git}})
	}
	f.Carried[2].Library = "slipway:bosun"
	want := []string{"https://example.org/ship.git", "https://example.org/ship.git", "", "", "ssh://example.org/ship", ""}
	var got []string
	for i := range want {
		got = append(got, repositoryOf(f, []int{2, 1, 1, 1}, i))
	}
	equal(t, "the repositories", got, want)
}

func TestChange(t *testing.T) {
	for _, c := range []struct {
		title string
		fixes []string
		want  string
	}{
		{"Mend the deck", nil, "Mend the deck"},
		{"Mend the deck", []string{"CVE-2025-0001", "CVE-2025-0002"}, "Mend the deck (CVE-2025-0001, CVE-2025-0002)"},
		{"CVE-2025-0001: mend", []string{"CVE-2025-0001"}, "CVE-2025-0001: mend"},
	} {
		fixes := slices.Clone(c.fixes)
		if got := change(c.title, c.fixes); got != c.want || !slices.Equal(fixes, c.fixes) {
			t.Errorf("the line is %q, want %q", got, c.want)
		}
	}
}
