package fork

import (
	"strings"
	"testing"
)

func TestCommit(t *testing.T) {
	a, b, c, tree := strings.Repeat("a", 40), strings.Repeat("b", 40), strings.Repeat("c", 40), strings.Repeat("7e", 32)
	ab := a + ".." + b
	const instead = ": what is built is not the tree of the last carried commit; take it into the branch, " +
		"or write commit_of: tree"
	carried := func(ranges ...string) string {
		text := "patches:\n"
		for _, r := range ranges {
			text += "  - {git: ../ship, commits: " + r + "}\n"
		}
		return text
	}
	stamp := func(of string) string { return "  commit_of: " + of + "\n" }
	at := func(id string) string { return "  commit: " + id + "\n" }
	for name, test := range map[string]struct {
		upstream, build, more string // what fork.yaml has below those sections, and behind them
		series                string
		id, of                string
		fault                 string // behind fork.yaml:
	}{
		"nothing said":            {id: tree[:40], of: "tree"},
		"an upstream's commit":    {upstream: at(a), id: a, of: "upstream"},
		"the upstream's":          {upstream: at(a), build: stamp("upstream"), id: a, of: "upstream"},
		"the upstream's, carried": {upstream: at(a), more: carried(ab), id: a, of: "upstream"},
		"the upstream's, not known": {build: stamp("upstream"),
			fault: "8: build.commit_of: upstream.commit is missing: write the commit of example.org/ship@v1.4.1"},
		"the tree's":    {upstream: at(a), build: stamp("tree"), more: carried(ab), id: tree[:40], of: "tree"},
		"the fork's":    {upstream: at(a), build: stamp("fork"), more: carried(ab), id: b, of: "fork"},
		"of two ranges": {upstream: at(a), build: stamp("fork"), more: carried(ab, b+".."+c), id: c, of: "fork"},
		"of no known upstream": {build: stamp("fork"), more: carried(ab),
			fault: "8: build.commit_of: upstream.commit is missing, where the carried commits have to begin: " +
				"write the commit of example.org/ship@v1.4.1, or commit_of: tree"},
		"nothing carried": {build: stamp("fork"), fault: "8: build.commit_of: the fork carries no commits: " +
			"add the range of its branch to patches, or write commit_of: tree"},
		"a patch comes after": {build: stamp("fork"), more: carried(ab), series: "x.patch\n",
			fault: "8: build.commit_of: x.patch of forks/ship/patches/series comes after the carried commits" + instead},
		"deps come after": {build: stamp("fork"), more: carried(ab) + "deps: {example.com/rope: v1.2.3}\n",
			fault: "8: build.commit_of: deps changes modules after the carried commits" + instead},
		"ranges that do not meet": {build: stamp("fork"), more: carried(ab, a+".."+c),
			fault: "8: build.commit_of: patches[1] begins at " + a[:12] + ", and not at the end of patches[0], " + b[:12] +
				instead},
		"a branch of another commit": {upstream: at(c), build: stamp("fork"), more: carried(ab),
			fault: "9: build.commit_of: patches[0] begins at " + a[:12] + ", and not at upstream.commit, " + c[:12] +
				instead},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(forkYAML, "@v1.4.1\n", "@v1.4.1\n"+test.upstream, 1) + test.build + test.more
			files := map[string]string{"forks/ship/fork.yaml": text}
			if test.series != "" {
				files["forks/ship/patches/series"], files["forks/ship/patches/x.patch"] = test.series, "--- a/x\n"
			}
			f, err := project(t, files).Fork("")
			if err != nil {
				t.Fatal(err)
			}
			id, of, err := f.Commit("sha256:" + tree)
			if id != test.id || of != test.of {
				t.Errorf("got %s of %s, want %s of %s", id, of, test.id, test.of)
			}
			if test.fault != "" {
				test.fault = "forks/ship/fork.yaml:" + test.fault
			}
			says(t, err, test.fault)
		})
	}
}
