package image

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/images"
)

func TestUserFile(t *testing.T) {
	for _, c := range []struct {
		about string
		file  fstest.MapFile
		mode  int64
	}{
		{"a text", fstest.MapFile{Data: []byte("x"), Mode: 0o600}, 0o644},
		{"a program", fstest.MapFile{Data: []byte("x"), Mode: 0o700}, 0o755},
		{"a script that is not marked", fstest.MapFile{Data: []byte("#!/bin/sh\n"), Mode: 0o644}, 0o755},
		{"a set-user-ID program", fstest.MapFile{Mode: 0o755 | fs.ModeSetuid}, 0o6755},
	} {
		f, err := userFile(fstest.MapFS{"ship/etc/x": &c.file}, "ship/etc/x", "/etc/x")
		if err != nil || f.Mode != c.mode || f.Path != "/etc/x" || string(f.Data) != string(c.file.Data) {
			t.Errorf("%s: got %+v, %v, want mode %o", c.about, f, err, c.mode)
		}
	}
}

func TestTakenOn(t *testing.T) {
	crew := taken{components: []cross.Component{
		{Name: "oar", Platforms: []string{"linux"}}, {Name: "sail", Platforms: []string{"linux/arm64"}},
	}}
	for p, want := range map[string]string{"amd64": "oar", "arm64": "oar sail", "none": ""} {
		on := amd64
		on.Arch = p
		if p == "none" {
			on.OS = "plan9"
		}
		if whole, some := crew.complete(on, true), crew.complete(on, false); whole != (p == "arm64") || some != (want != "") {
			t.Errorf("%s: complete if all are named: %v, if none is: %v", p, whole, some)
		}
		var got []string
		for _, c := range crew.on(on) {
			got = append(got, c.Name)
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %v, want %s", p, got, want)
		}
	}
}

// TestAdditions has what is wrong before a session on another fork is looked at.
func TestAdditions(t *testing.T) {
	for _, c := range []struct {
		about string
		add   map[string]images.Addition
		want  string // what is added to captain, or the error
	}{
		{"nothing", nil, ""},
		{"links, sorted", map[string]images.Addition{"captain": {Links: map[string]string{"/b": "c", "/a": "b"}}},
			"/a->b, /b->c"},
		{"to another image", map[string]images.Addition{"installer": {Links: map[string]string{"/b": "c"}}}, ""},
		{"an image that is not made", map[string]images.Addition{"bosun": {}},
			`fork.yaml: images.add.bosun: unknown image "bosun"; this fork makes captain, installer`},
		{"a fork that is not open", map[string]images.Addition{"captain": {From: []images.Programs{{Fork: "boat"}}}},
			"fork.yaml: images.add.captain.from[0].fork: no session is open on fork boat"},
	} {
		p := shipPlan(t, "captain")
		p.fork.Images.Add = c.add
		p, err := p.choose()
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.additions()
		text := list(got["captain"].files)
		if err != nil {
			text = err.Error()
		}
		if text != c.want {
			t.Errorf("%s: got %s, want %s", c.about, text, c.want)
		}
	}
}
