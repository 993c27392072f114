package dev

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// goreleased is what each program is for goreleaser: it is built as here, and has a deb and an
// rpm that are compressed as here.
const goreleased = `builds:
%[1]s
archives:
- formats: [tar.gz]
nfpms:
%[2]s
changelog: {disable: true}
release: {disable: true}
`

const (
	goreleasedBuild = `- {id: %[1]s, binary: %[1]s, dir: %[2]s, main: ., goos: [linux], goarch: [amd64],
   env: [CGO_ENABLED=0], flags: [%[3]s], ldflags: [%[4]q]}
`
	goreleasedPackage = `- {id: %[1]s, ids: [%[1]s], package_name: %[1]s, formats: [deb, rpm], bindir: /usr/bin,
   maintainer: The Slipway Authors <slipway@example.org>,
   deb: {compression: "zstd:best"}, rpm: {compression: "zstd:best"}}
`
)

// goreleaser compares a release of binaries, debs, rpms and a tarball with what goreleaser makes
// of the same tree: the same, but for units and manual pages in the packages and for what a
// release says of itself. Both link what Go's build cache has compiled.
func (b *bench) goreleaser(n int) error {
	if !has("goreleaser") {
		return nil
	}
	const forms = `printf 'release:\n  artifacts: [binaries, deb, rpm, tarball]\n' >>"$0"`
	if err := b.sh(forms, filepath.Join("forks", benchWith, "fork.yaml")); err != nil {
		return err
	}
	if _, err := b.mage(nil, "patches:apply", "-fork="+benchWith); err != nil {
		return err
	}
	dist := filepath.Join(b.dir, "dist", benchWith)
	config := filepath.Join(dist, "goreleaser.yaml")
	ours := func() (cost, error) {
		if err := b.sh(`cd "$0"; rm -rf bin deb rpm tarballs release release.json`, dist); err != nil {
			return cost{}, err
		}
		return b.mageCost("release", released, "-fork="+benchWith)
	}
	theirs := func() (cost, error) {
		args := []string{"goreleaser", "release", "--snapshot", "--clean", "--config", config}
		return b.cost(filepath.Join(dist, "src"), []string{"GOFLAGS="}, args...)
	}
	if _, err := ours(); err != nil {
		return err
	}
	if err := goreleaserConfig(dist, config); err != nil {
		return err
	}
	if _, err := theirs(); err != nil { // compiles what is not compiled for it
		return err
	}
	return costs("binaries, debs, rpms, tarball and sums of etcd: goreleaser", n, ours, theirs)
}

// goreleaserConfig writes what has goreleaser build the programs that lie in dist as they were
// built.
func goreleaserConfig(dist, config string) error {
	data, err := os.ReadFile(filepath.Join(dist, "bin", "linux_amd64", "build.json"))
	if err != nil {
		return err
	}
	var record struct {
		Flags    []string
		Binaries []struct{ Component string }
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return err
	}
	var flags []string
	linker := ""
	for _, flag := range record.Flags {
		if of, ok := strings.CutPrefix(flag, "-ldflags="); ok {
			linker = of
			continue
		}
		flags = append(flags, fmt.Sprintf("%q", flag))
	}
	var builds, packages bytes.Buffer
	for _, b := range record.Binaries {
		dir := b.Component
		if dir == "etcd" {
			dir = "server"
		}
		fmt.Fprintf(&builds, goreleasedBuild, b.Component, dir, strings.Join(flags, ", "), linker)
		fmt.Fprintf(&packages, goreleasedPackage, b.Component)
	}
	text := fmt.Sprintf("version: 2\nproject_name: etcd\ndist: %s\n", filepath.Join(dist, "goreleaser"))
	return os.WriteFile(config, fmt.Appendf([]byte(text), goreleased, &builds, &packages), 0o644)
}
