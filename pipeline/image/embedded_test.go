package image

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/slipway-build/slipway/build"
)

func TestProgramSources(t *testing.T) {
	got, err := programSources(fstest.MapFS{
		"cmd/pause/main.go":      {Data: []byte("package main")},
		"installer/host.go":      {Data: []byte("package installer")},
		"installer/host_test.go": {Data: []byte("package installer")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cmd/pause/main.go", "go.mod", "installer/host.go"}
	if list := slices.Sorted(maps.Keys(got)); !slices.Equal(list, want) {
		t.Errorf("got %v", list)
	}
	if got["cmd/pause/main.go"] != "package main" {
		t.Errorf("got %q", got["cmd/pause/main.go"])
	}
}

// The JSON decides the key of the compiled program in every user's cache.
func TestEmbeddedInput(t *testing.T) {
	in := newEmbedded(map[string]string{"go.mod": "module m"}, "pause", arm64, "go1.26.8")
	data, err := json.Marshal(in)
	want := `[{"go.mod":"module m"},["go","build","-trimpath","-buildvcs=false","-gcflags=all=-dwarf=false",` +
		`"-ldflags=-buildid= -s -w","-o","bin/pause","./cmd/pause"],["GOARM64=v8.0","GOEXPERIMENT=,","GOFIPS140=off",` +
		`"GOFLAGS=-trimpath","GO_EXTLINK_ENABLED=auto","GOOS=linux","GOARCH=arm64","CGO_ENABLED=0"],"go1.26.8"]`
	if string(data) != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", data, err, want)
	}
	other := newEmbedded(map[string]string{"go.mod": "module m"}, "pause", amd64, "go1.26.8")
	if build.Key(embeddedStage, in) == build.Key(embeddedStage, other) {
		t.Error("two platforms have the same key")
	}
}
