package dev

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// goreleased is what goreleaser is asked for: of hyperkube a tarball, a deb and an rpm,
// compressed as here, and their sums. It finds the flags of go build in %s.
const goreleased = `version: 2
project_name: hyperkube
dist: %s
builds:
- main: ./cmd/hyperkube
  goos: [linux]
  goarch: [amd64]
  env: [CGO_ENABLED=0, "GOWORK=%s"]
  flags: [%s]
  ldflags: [%q]
archives:
- formats: [tar.gz]
nfpms:
- formats: [deb, rpm]
  maintainer: The Slipway Authors <slipway@example.org>
  bindir: /usr/bin
  deb: {compression: "zstd:best"}
  rpm: {compression: "zstd:best"}
changelog: {disable: true}
`

// goreleaser compares a release of binaries, debs, rpms and tarballs with what goreleaser makes
// of the same tree. Both link hyperkube, whose packages Go's build cache has.
func (b *bench) goreleaser(n int) error {
	if !has("goreleaser") {
		return nil
	}
	const forms = `printf 'release:\n  artifacts: [binaries, deb, rpm, tarball]\n' >>"$0"`
	if err := b.sh(forms, filepath.Join("forks", benchFork, "fork.yaml")); err != nil {
		return err
	}
	if _, err := b.mage(nil, "patches:apply"); err != nil {
		return err
	}
	b.src = b.at("src")
	if err := b.readFlags(); err != nil {
		return err
	}
	config := b.at("goreleaser.yaml")
	if err := os.WriteFile(config, b.goreleaserConfig(), 0o644); err != nil {
		return err
	}
	theirs := func() (cost, error) {
		return b.cost(b.src, []string{"GOFLAGS="}, "goreleaser", "release", "--snapshot", "--clean", "--config", config)
	}
	if _, err := theirs(); err != nil { // compiles what its flags may change
		return err
	}
	return costs("binaries, deb, rpm, tarball and sums: goreleaser", n, func() (cost, error) {
		const gone = `cd "$0"; rm -rf bin deb rpm tarballs release release.json releases`
		if err := b.sh(gone, b.at()); err != nil {
			return cost{}, err
		}
		return b.mageCost("release", released, "-force")
	}, theirs)
}

func (b *bench) goreleaserConfig() []byte {
	var flags []string
	linker := ""
	for _, flag := range b.recorded {
		if of, ok := strings.CutPrefix(flag, "-ldflags="); ok {
			linker = of
			continue
		}
		flags = append(flags, fmt.Sprintf("%q", flag))
	}
	return fmt.Appendf(nil, goreleased, b.at("goreleaser"), filepath.Join(b.src, "go.work"),
		strings.Join(flags, ", "), linker)
}
