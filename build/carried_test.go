package build

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

// TestCarried fetches a range of commits from a repository, once.
func TestCarried(t *testing.T) {
	testkit.Need(t, "git")
	repo := t.TempDir()
	commit := func(name, text string) string {
		put(t, filepath.Join(repo, name), text)
		testkit.Git(t, repo, "add", ".")
		testkit.Git(t, repo, "commit", "-q", "-m", "log: "+text)
		return strings.TrimSpace(testkit.Git(t, repo, "rev-parse", "HEAD"))
	}
	testkit.Git(t, repo, "init", "-q")
	base := commit("log", "day 1")
	second, tip := commit("log", "day 2"), commit("log", "day 3")
	y := newYard(t, "patches:", "  - {git: "+repo+", commits: "+base+".."+tip+"}")
	s := y.open()
	want := []string{
		"1.4.1+test.1, from example.org/ship@v1.4.1.", "log: day 2", "log: day 3", "crew: sign on a bosun",
		"bosun: a command that calls the crew",
	}
	for range 2 {
		series, err := s.Series(t.Context())
		must(t, err)
		if len(series.Patches) != 4 || series.Patches[0].Name != second || series.Patches[1].Name != tip ||
			!IsCommit(series.Patches[1]) || IsCommit(series.Patches[2]) || !slices.Equal(series.Ranges, []int{2}) {
			t.Errorf("got %d patches, want %s, %s and the files", len(series.Patches), second, tip)
		}
		log, _, err := s.changelog(t.Context())
		must(t, err)
		equal(t, "the changelog", log, want)
		put(t, filepath.Join(repo, ".git/HEAD"), "gone") // what is kept needs no repository
		s = y.again(s)
	}
}
