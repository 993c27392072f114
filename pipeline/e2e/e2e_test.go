package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/platform"
)

// trials are the tests of the sample project.
const trials = `suites:
  - versions: ">=1.4.0-0 <1.5.0-0"
    programs:
      - {name: trial, main: cmd/deckhand}
      - {name: winch, module: example.org/rope, main: winch}
    calls: [captain]
    list: [trial, --list-images]
    registries: {trials: registry.example.org/trials, root: registry.example.org, spare: spare.example.org}
    images:
      - {name: lantern, own: ship}
      - {name: anchor, own: anchor}
      - name: trials/mate
        programs: {/mate: cmd/deckhand}
        setuid: [/mate]
        copies: {/pier.key: README.md}
        texts: {/etc/passwd: "root\n"}
        links: {/first: mate}
        applets: {/mate: [second, third]}
        folders: [/hold, /tmp]
        start: [/mate]
        args: [sail]
        ports: [80/tcp]
      - {name: trials/purser, from: trials/mate, args: [], user: "1234", texts: {/etc/passwd: "nobody\n"}}
      - {name: trials/unused, from: trials/mate}
`

const listed = `registry.example.org/trials/mate:2.1
registry.example.org/trials/mate:2.0
registry.example.org/trials/purser:1.0
registry.example.org/lantern:v1
registry.example.org/anchor:3
registry.example.org/trials/cook:1
elsewhere.example.org/mate:1
`

// files is the sample project with tests.
func files(conformance string) map[string]string {
	return map[string]string{
		"forks/" + buildtest.ID + "/fork.yaml": buildtest.Silent["forks/"+buildtest.ID+"/fork.yaml"],
		"profiles/ship/conformance.yaml":       conformance,
	}
}

// open opens a session whose tests list images, and whose compiler is that of buildtest otherwise.
func open(t *testing.T, p buildtest.Project, events *buildtest.Events) *build.Session {
	t.Helper()
	f := p.ReadFork(t)
	l, err := f.ReadLock()
	if err != nil {
		t.Fatal(err)
	}
	s, err := build.Open(t.Context(), f, l, build.Options{
		Env: p.Env, Events: events.Sink(), Compile: compile, Image: archiveOfNothing,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func compile(ctx context.Context, b cross.Builder, r cross.Request) (cross.Built, error) {
	out, err := buildtest.Compile(ctx, b, r)
	for i, one := range out.Binaries {
		if one.Component == "trial" {
			name := filepath.Join(r.Dst, one.File)
			err = errors.Join(err, os.WriteFile(name, []byte("#!/bin/sh\ncat <<.\n"+listed+".\n"), 0o755))
			out.Binaries[i].Size, out.Binaries[i].SHA256, _ = cross.Sum(name)
		}
	}
	return out, err
}

// archiveOfNothing makes an image without files.
func archiveOfNothing(_ context.Context, s *build.Session, _ string, _ platform.Platform) ([]byte, error) {
	dir, err := s.Scratch()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err = errors.Join(to.AppendImage(empty.Image), w.AddFS(os.DirFS(dir)), w.Close())
	return out.Bytes(), err
}

func TestRun(t *testing.T) {
	p := buildtest.Pinned(t, files(trials))
	var digests []string
	for _, kept := range []bool{false, true} {
		events := &buildtest.Events{}
		s := open(t, p, events)
		suite, err := Run(t.Context(), s, Request{Platform: "linux/arm64"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range suite.Images {
			digest, err := i.Image.Digest()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, i.Repository+":"+i.Tag)
			digests = append(digests, digest.String())
		}
		if want := "lantern:v1 trials/mate:2.0 trials/mate:2.1 trials/purser:1.0"; strings.Join(got, " ") != want {
			t.Errorf("the images are %v, want %s", got, want)
		}
		want := "[{registry.example.org/anchor:3 neither ship-1.4 nor a fork in its images.with makes an image anchor} " +
			"{registry.example.org/trials/cook:1 Slipway does not make it}]"
		if fmt.Sprint(suite.Missing) != want {
			t.Errorf("missing are %v, want %s", suite.Missing, want)
		}
		want = "root: localhost:5000/team\ntrials: localhost:5000/team/trials\n"
		if got := string(suite.Repositories("localhost:5000/team")); got != want {
			t.Errorf("the tests are told\n%s, want\n%s", got, want)
		}
		entries, err := os.ReadDir(suite.Dir)
		if len(entries) != 3 || entries[0].Name() != "captain" || entries[1].Name() != "trial" {
			t.Errorf("%s has %v, %v", suite.Dir, entries, err)
		}
		checkImages(t, suite)
		compiled := func(e event.Event) bool { return e.Stage == "cross" && !e.Kept }
		if kept == slices.ContainsFunc(events.Of(event.Finished), compiled) {
			t.Errorf("kept is to be %v:\n%s", kept, events.States())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(digests) / 2; !slices.Equal(digests[:n], digests[n:]) {
		t.Errorf("two runs made %v", digests)
	}
}

// checkImages checks an image, and one that is made from it.
func checkImages(t *testing.T, s Suite) {
	t.Helper()
	for i, want := range map[int]string{
		1: "linux/arm64 [/mate] [sail] \"\" map[80/tcp:{}]: etc/ 755; etc/passwd 644 root; first -> mate; hold/ 755; " +
			"mate 6755; pier.key 644; second -> mate; third -> mate; tmp/ 1777; ",
		3: "linux/arm64 [/mate] [] \"1234\" map[80/tcp:{}]: etc/ 755; etc/passwd 644 root; first -> mate; hold/ 755; " +
			"mate 6755; pier.key 644; second -> mate; third -> mate; tmp/ 1777; etc/ 755; etc/passwd 644 nobody; ",
	} {
		if got := shown(t, s.Images[i].Image); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// shown returns how an image starts, and the files of its layers.
func shown(t *testing.T, image v1.Image) string {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	out := fmt.Sprintf("%s/%s %v %v %q %v: ", config.OS, config.Architecture, c.Entrypoint, c.Cmd, c.User, c.ExposedPorts)
	all, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for files := tar.NewReader(r); ; {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(files)
			switch {
			case h.Typeflag == tar.TypeSymlink:
				out += h.Name + " -> " + h.Linkname + "; "
			case strings.HasPrefix(h.Name, "etc/p"):
				out += fmt.Sprintf("%s %o %s; ", h.Name, h.Mode, bytes.TrimSpace(text))
			default:
				out += fmt.Sprintf("%s %o; ", h.Name, h.Mode)
			}
		}
		r.Close()
	}
	return out
}

func TestCheck(t *testing.T) {
	tests := []struct {
		about, conformance string
		request            Request
		want               string
	}{
		{"good", trials, Request{}, ""},
		{"a system that has no such images", trials, Request{Platform: "darwin/arm64"},
			"images of the tests are for Linux, not for darwin/arm64"},
		{"no platform", trials, Request{Platform: "linux/vax"}, "linux/vax"},
		{"an older version", strings.Replace(trials, ">=1.4.0-0 <1.5.0-0", ">=1.5.0-0", 1), Request{},
			"the profile does not say what the tests of 1.4.1+test.1 consist of; it has rows for >=1.5.0-0"},
		{"a program that the fork does not build", strings.Replace(trials, "[captain]", "[purser]", 1), Request{},
			"the tests call purser, which the fork does not build: add it to build.components"},
		{"a fault", strings.Replace(trials, "[/mate]", "[/oar]", 1), Request{}, "suites[0].images[2].setuid[0]"},
	}
	p := buildtest.Pinned(t, files(trials))
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			p.Write(t, "profiles/ship/conformance.yaml", test.conformance)
			s := open(t, p, nil)
			defer s.Close()
			err := Check(s, test.request)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
