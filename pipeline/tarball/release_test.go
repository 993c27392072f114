package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/internal/output"
)

// crew is tarballs.yaml of the sample project. What kind whole needs is not in the
// upstream, which is a module.
const crew = `tarballs:
  - {kind: crew, file: "ship-crew-{{.OS}}-{{.Arch}}.tar.gz", folder: ship, platforms: [linux]}
  - {kind: boat, file: "ship-boat-{{.OS}}-{{.Arch}}.tar.gz", folder: ship}
  - {kind: src, file: ship-src.tar.gz, portable: true}
  - {kind: whole, file: ship.tar.gz, folder: ship, portable: true}
contents:
  - {in: [crew], to: bin, programs: [captain, cook]}
  - {in: [boat], to: bin, programs: [deckhand]}
  - {in: [crew], to: bin, images: [captain, mate], reference: "ship.example.org/{{.Image}}-{{.Arch}}"}
  - {in: [crew], tarballs: [src]}
  - {in: [crew], tree: LICENSE}
  - {in: [crew], tree: LICENSES, optional: true}
  - {in: [crew], to: version, text: "v{{.Version}}\n"}
  - {in: [src], tree: .}
  - {in: [whole], tree: docs, links: true}
  - {in: [whole], tree: saltbase}
  - {in: [whole], to: bin, tarballs: [crew]}
`

// recipes is packages.yaml of it: the captain is the cook, too.
const recipes = `multicall:
  - {component: captain, package: captain, path: /usr/bin/captain, programs: {cook: galley}}
packages:
  - {name: captain, summary: gives the orders, description: Anywhere., programs: {captain: /usr/bin/captain}}
`

// pinned returns the sample project with these.
func pinned(t *testing.T) buildtest.Project {
	t.Helper()
	return buildtest.Pinned(t, map[string]string{
		"forks/ship-1.4/fork.yaml":    buildtest.Silent["forks/ship-1.4/fork.yaml"],
		"profiles/ship/tarballs.yaml": crew, "profiles/ship/packages.yaml": recipes,
	})
}

// members returns the members of a tarball, each as NAME, or NAME -> TARGET, with a + if it
// can be run; and their contents.
func members(t *testing.T, file string) (names []string, contents map[string]string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	contents = map[string]string{}
	r := tar.NewReader(z)
	for h, err := r.Next(); err != io.EOF; h, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		name := h.Name
		switch {
		case h.Typeflag == tar.TypeSymlink:
			name += " -> " + h.Linkname
		case h.Typeflag == tar.TypeReg && h.Mode == 0o755:
			name += "+"
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, contents[h.Name] = append(names, name), string(text)
	}
	return names, contents
}

// made returns the files of artifacts, those that were kept in parentheses.
func made(set artifact.Set) string {
	var out []string
	for _, a := range set {
		file := filepath.Base(a.Path)
		if a.Kept {
			file = "(" + file + ")"
		}
		out = append(out, file)
	}
	return strings.Join(out, " ")
}

// notes returns the notes about tarballs.
func notes(events *buildtest.Events) []string {
	var out []string
	for _, e := range events.Of(event.Note) {
		if strings.HasPrefix(e.Detail, "tarballs: ") {
			out = append(out, e.Detail)
		}
	}
	return out
}

func TestRelease(t *testing.T) {
	p := pinned(t)
	var events buildtest.Events
	s := p.Open(t, &events)
	writeLayout(t, p.Path("dist/ship-1.4/images"))
	r := ReleaseRequest{Platforms: []string{"linux/amd64"}, Images: "dist/ship-1.4/images"}
	set, err := Release(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	events.CheckSet(t, set)
	if got := made(set); got != "ship-boat-linux-amd64.tar.gz ship-crew-linux-amd64.tar.gz ship-src.tar.gz" {
		t.Errorf("%s", got)
	}
	for i, holds := range [][]string{{"deckhand"}, {"captain"}, nil} {
		a := set[i]
		if a.Kind != artifact.Tarball || a.Format != "tar.gz" || !slices.Equal(a.Holds, holds) ||
			(a.Platform.OS == "linux") != (holds != nil) {
			t.Errorf("%+v, want one that holds %q", a, holds)
		}
		if !s.Dist().Intact(a.Path, a.Size, strings.TrimPrefix(a.Digest, "sha256:")) {
			t.Errorf("%s is not what the set says", a.Path)
		}
	}
	want := []string{"tarballs: ship-crew-linux-amd64.tar.gz is made without LICENSES; " +
		"ship.tar.gz is left out, as the patched tree has no symbolic links in docs, saltbase"}
	if got := notes(&events); !slices.Equal(got, want) {
		t.Errorf("the notes are %q, want %q", got, want)
	}
	names, contents := members(t, p.Path("dist/ship-1.4/tarballs/ship-crew-linux-amd64.tar.gz"))
	want = []string{"ship/", "ship/LICENSE", "ship/bin/", "ship/bin/captain+", "ship/bin/captain.docker_tag",
		"ship/bin/captain.tar", "ship/bin/galley -> captain", "ship/ship-src.tar.gz", "ship/version"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	src, err := os.ReadFile(p.Path("dist/ship-1.4/tarballs/ship-src.tar.gz"))
	if err != nil || contents["ship/ship-src.tar.gz"] != string(src) || contents["ship/version"] != "v1.4.1+test.1\n" ||
		contents["ship/bin/captain.docker_tag"] != "v1.4.1_test.1\n" {
		t.Errorf("the tarball in it, or %q or %q, is wrong, %v", contents["ship/version"],
			contents["ship/bin/captain.docker_tag"], err)
	}
	names, contents = members(t, p.Path("dist/ship-1.4/tarballs/ship-src.tar.gz"))
	if !slices.Contains(names, "hack/build.sh+") || !strings.Contains(contents["pkg/crew/crew.go"], "Any wind") {
		t.Errorf("the source is %q: want the patched tree, and its script to be executable", names)
	}
}

// TestReleaseKeeps makes tarballs one after the other: what is up to date is kept, and what
// was not asked for is gone.
func TestReleaseKeeps(t *testing.T) {
	p := pinned(t)
	writeLayout(t, p.Path("dist/ship-1.4/images"))
	const boat, crew, src = "ship-boat-linux-amd64.tar.gz", "ship-crew-linux-amd64.tar.gz", "ship-src.tar.gz"
	var events buildtest.Events
	for _, c := range []struct {
		name    string
		r       ReleaseRequest
		epoch   string
		prepare func(dir string) error // may be nil
		want    string
	}{
		{name: "all", want: boat + " " + crew + " " + src},
		{name: "the same", want: fmt.Sprintf("(%s) (%s) (%s)", boat, crew, src)},
		{
			name: "one of them damaged", want: fmt.Sprintf("%s (%s) (%s)", boat, crew, src),
			prepare: func(dir string) error { return os.WriteFile(filepath.Join(dir, boat), []byte("damaged"), 0o644) },
		},
		{
			name: "with images", r: ReleaseRequest{Images: "dist/ship-1.4/images"},
			want: fmt.Sprintf("(%s) %s (%s)", boat, crew, src),
		},
		{name: "one", r: ReleaseRequest{Tarballs: []string{"boat"}}, want: "(" + boat + ")"},
		{name: "one that holds another", r: ReleaseRequest{Tarballs: []string{"crew"}}, want: crew + " " + src},
		{
			name: "without a record", want: boat + " " + crew + " " + src,
			prepare: func(dir string) error { return os.Remove(filepath.Join(dir, recordFile)) },
		},
		{name: "at another time", epoch: "86400", want: boat + " " + crew + " " + src},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := p
			p.Env = p.Env.With("SOURCE_DATE_EPOCH=" + c.epoch)
			s := p.Open(t, &events)
			if c.prepare != nil {
				if err := c.prepare(p.Path("dist/ship-1.4/tarballs")); err != nil {
					t.Fatal(err)
				}
			}
			events.Forget()
			c.r.Platforms = []string{"linux/amd64"}
			set, err := Release(t.Context(), s, c.r)
			if err != nil || made(set) != c.want {
				t.Errorf("%s, %v, want %s", made(set), err, c.want)
			}
			events.CheckSet(t, set)
			if all := c.r.Tarballs == nil; (len(notes(&events)) == 1) != (all || c.r.Tarballs[0] == "crew") {
				t.Errorf("the notes are %q", notes(&events))
			}
			want := []string{recordFile}
			for _, a := range set {
				want = append(want, filepath.Base(a.Path))
			}
			slices.Sort(want)
			if got := output.List(p.Path("dist/ship-1.4/tarballs")); !slices.Equal(got, want) {
				t.Errorf("there is %q, want %q", got, want)
			}
		})
	}
}

// TestReleaseIsTheSameEverywhere makes tarballs in two projects, under another umask and on
// another number of processors.
func TestReleaseIsTheSameEverywhere(t *testing.T) {
	var first []string
	for _, c := range []struct{ umask, processors int }{{0o022, 1}, {0o077, 3}} {
		p := pinned(t)
		writeLayout(t, p.Path("dist/ship-1.4/images"))
		mask, processors := unix.Umask(c.umask), runtime.GOMAXPROCS(c.processors)
		set, err := Release(t.Context(), p.Open(t, nil), ReleaseRequest{
			Platforms: []string{"linux/arm64", "linux/amd64"}, Images: "",
		})
		unix.Umask(mask)
		runtime.GOMAXPROCS(processors)
		if err != nil {
			t.Fatal(err)
		}
		var digests []string
		for _, a := range set {
			digests = append(digests, a.Path+" "+a.Digest)
		}
		if first == nil {
			first = digests
		}
		if !slices.Equal(digests, first) || len(digests) != 5 {
			t.Errorf("%q, want %q", digests, first)
		}
	}
}

func TestReleaseFails(t *testing.T) {
	const path, images = "dist/ship-1.4/tarballs/ship-src.tar.gz", "dist/ship-1.4/images"
	p := pinned(t)
	for name, c := range map[string]struct {
		r      ReleaseRequest
		images bool // of captain, for linux/amd64
		early  bool // CheckRelease says it, too
		want   string
	}{
		"an unknown one": {
			r: ReleaseRequest{Tarballs: []string{"salt"}}, early: true,
			want: `unknown tarball "salt"; releases of ship 1.4.1 have crew, boat, src, whole`,
		},
		"a bad platform":   {r: ReleaseRequest{Platforms: []string{"linux"}}, early: true, want: "linux"},
		"images elsewhere": {r: ReleaseRequest{Images: "../images"}, early: true, want: "images in ../images: want a folder"},
		"no images":        {r: ReleaseRequest{Images: images}, want: "has no images: make them first"},
		"images of another platform": {
			r:      ReleaseRequest{Images: images, Platforms: []string{"linux/arm64"}},
			images: true, want: "has the image captain, but not for linux/arm64: make it again, mage image -fork=ship-1.4",
		},
		"no program": {
			r:     ReleaseRequest{Tarballs: []string{"crew"}, Platforms: []string{"windows/amd64"}},
			early: true, want: "no tarball crew for windows/amd64: releases have none, or the fork builds no program of it",
		},
		"what the tree does not have": {
			r: ReleaseRequest{Tarballs: []string{"whole"}},
			want: "ship.tar.gz cannot be made: the patched tree has no symbolic links in docs, saltbase\n" +
				"  A Go module has no symbolic links, and no folders named vendor.\n" +
				"  Ask for other tarballs, or have in forks/ship-1.4/fork.yaml an upstream that is a repository",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(p.Path("dist/ship-1.4")); err != nil {
				t.Fatal(err)
			}
			p.Write(t, path, "earlier")
			if c.images {
				writeLayout(t, p.Path(images))
			}
			if c.r.Platforms == nil {
				c.r.Platforms = []string{"linux/amd64"}
			}
			s := p.Open(t, nil)
			if err := CheckRelease(s, c.r); (err != nil) != c.early {
				t.Errorf("CheckRelease says %v", err)
			}
			set, err := Release(t.Context(), s, c.r)
			if err == nil || !strings.Contains(err.Error(), c.want) || set != nil {
				t.Errorf("%v, %v, want %q", set, err, c.want)
			}
			if !s.Dist().Holds(path, []byte("earlier")) || s.Dist().Exists("dist/ship-1.4/bin") {
				t.Error("the earlier tarball is gone, or something was compiled")
			}
		})
	}
}
