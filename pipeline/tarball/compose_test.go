package tarball

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/tarballs"
)

var (
	amd64   = platform.Platform{OS: "linux", Arch: "amd64"}
	windows = platform.Platform{OS: "windows", Arch: "amd64"}
)

// tree is a tree of files by these paths; one that ends in .sh can be run.
func tree(paths ...string) filetree.Dir {
	slices.Sort(paths)
	out := filetree.Dir{Path: "/tree"}
	for _, p := range paths {
		e := filetree.Entry{Path: p, Mode: filetree.Regular}
		if strings.HasSuffix(p, ".sh") {
			e.Mode = filetree.Executable
		}
		out.Tree = append(out.Tree, e)
	}
	return out
}

// shown returns files, each as PATH MODE FROM, or what else is in them.
func shown(files []tarballs.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %o %s%s%s", f.Path, f.Mode.Perm(), f.From, f.Data, f.Target)))
	}
	return out
}

func TestCompose(t *testing.T) {
	captain, cook := []string{"captain"}, map[string]string{"cook": "captain"}
	c := composer{
		tree:     tree("docs/a.md", "docs/b.json", "docs/demo/c.json", "docs/run.sh", "LICENSE"),
		tarballs: "/made", archives: "/archives",
		inputs: inputs{
			built: map[platform.Platform]build.Binaries{
				amd64:   {Dir: "/bin", All: []cross.Binary{{Component: "captain", File: "captain"}}},
				windows: {Dir: "/win", All: []cross.Binary{{Component: "captain", File: "captain.exe"}}},
			},
			images: artifact.Images{Tag: "v1.4.1", Images: []artifact.ImageIndex{{
				Name: "mate", Digest: "sha256:01",
				Platforms: []artifact.PlatformImage{{Platform: "linux/amd64", Digest: "sha256:02"}},
			}}},
		},
	}
	for name, test := range map[string]struct {
		parts []part
		want  []string
	}{
		"nothing": {},
		"programs": {
			parts: []part{{To: "bin", Platform: amd64, Components: captain, Aliases: cook}},
			want:  []string{"ship/bin/captain 755 /bin/captain", "ship/bin/cook 777 captain"},
		},
		"programs of Windows": {
			parts: []part{{Platform: windows, Components: captain, Aliases: cook}},
			want:  []string{"ship/captain.exe 755 /win/captain.exe", "ship/cook.exe 777 captain.exe"},
		},
		"images, of which the fork has one": {
			parts: []part{{To: "bin", On: "linux/amd64", Images: map[string]string{"mate": "x", "purser": "y"}}},
			want:  []string{"ship/bin/mate.docker_tag 644 v1.4.1", "ship/bin/mate.tar 644 /archives/mate-linux-amd64.tar"},
		},
		"tarballs": {
			parts: []part{{To: "server", Tarballs: []string{"a.tar.gz", "b.tar.gz"}}},
			want:  []string{"ship/server/a.tar.gz 644 /made/a.tar.gz", "ship/server/b.tar.gz 644 /made/b.tar.gz"},
		},
		"a text, a link and a folder": {
			parts: []part{{To: "version", Text: "v1"}, {To: "_output/tars", Link: "../server"}, {To: "addons", Empty: true}},
			want:  []string{"ship/_output/tars 777 ../server", "ship/addons 755", "ship/version 644 v1"},
		},
		"a file of the tree": {
			parts: []part{{Part: tarballs.Part{Tree: "LICENSE"}}, {To: "LICENSES", Part: tarballs.Part{Tree: "LICENSE"}}},
			want:  []string{"ship/LICENSE 644 /tree/LICENSE", "ship/LICENSES 644 /tree/LICENSE"},
		},
		"a folder of the tree": {
			parts: []part{{Part: tarballs.Part{Tree: "docs", Without: []string{"demo/**", "*.md"}}}},
			want:  []string{"ship/docs/b.json 644 /tree/docs/b.json", "ship/docs/run.sh 755 /tree/docs/run.sh"},
		},
		"what globs match": {
			parts: []part{{To: ".", Part: tarballs.Part{Tree: "docs", Only: []string{"**/*.json"}}}},
			want:  []string{"ship/b.json 644 /tree/docs/b.json", "ship/demo/c.json 644 /tree/docs/demo/c.json"},
		},
		"some files": {
			parts: []part{{To: "x", Part: tarballs.Part{Tree: "docs", Files: []string{"demo/c.json", "run.sh"}}}},
			want:  []string{"ship/x/c.json 644 /tree/docs/demo/c.json", "ship/x/run.sh 755 /tree/docs/run.sh"},
		},
		"the later of two": {
			parts: []part{{To: "a", Text: "first"}, {To: "a", Text: "second"}},
			want:  []string{"ship/a 644 second"},
		},
		"optional, and missing": {parts: []part{{Part: tarballs.Part{Tree: "none", Optional: true}}}},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := c.compose(planned{folder: "ship", parts: test.parts})
			if got := shown(files); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	have := tree("LICENSE", "cluster/up.sh", "cluster/salt/a")
	// a, and b that holds it, are left out
	out := func(paths string) string { return "[{a a [" + paths + "] true} {b b [a] true}]" }
	for name, c := range map[string]struct {
		part   tarballs.Part
		module string // the upstream, where it is one
		want   string
	}{
		"none of the tree": {},
		"all of the tree":  {part: tarballs.Part{Tree: "."}},
		"a file":           {part: tarballs.Part{Tree: "LICENSE"}},
		"a folder":         {part: tarballs.Part{Tree: "cluster/salt"}},
		"a missing one":    {part: tarballs.Part{Tree: "cluster/sal"}, want: out("cluster/sal")},
		"an optional one":  {part: tarballs.Part{Tree: "docs", Optional: true}, want: "[{a a [docs] false}]"},
		"files":            {part: tarballs.Part{Tree: "cluster", Files: []string{"up.sh", "salt/a"}}},
		"files, two missing": {
			part: tarballs.Part{Tree: "cluster", Files: []string{"x", "up.sh", "y"}}, want: out("cluster/x cluster/y"),
		},
		"links of a repository": {part: tarballs.Part{Tree: "cluster", Links: true}},
		"links of a module": {
			part: tarballs.Part{Tree: "cluster", Links: true}, module: "m@v1", want: out("symbolic links in cluster"),
		},
		"globs that match no one": {part: tarballs.Part{Tree: "cluster", Only: []string{"internal-*"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan{tarballs: []planned{
				{kind: "a", file: "a", parts: []part{{Part: c.part}}},
				{kind: "b", file: "b", parts: []part{{Tarballs: []string{"a"}}}},
			}}
			p.fork.Upstream.Module = c.module
			got := ""
			if missing := p.missing(have.Tree); missing != nil {
				got = fmt.Sprint(missing)
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
