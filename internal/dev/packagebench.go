package dev

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// largest is the package that is nearly all that there is to compress.
const largest = "kubernetes-hyperkube"

// packages compares making packages with the distributions' tools, on the same
// tree and at the level that gives the same size; and all packages with
// compressing the largest program alone.
func (b *bench) packages() error {
	if _, err := b.mage(nil, "deb"); err != nil { // makes the manual pages and completions
		return err
	}
	tree := filepath.Join(b.dir, "dist", "unpacked")
	if err := b.sh(`dpkg-deb -R dist/`+benchFork+`/deb/*/`+largest+`_*.deb "$0"`, tree); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "dist", "bench.spec"), []byte(`Name: `+largest+`
Version: 1
Release: 1
Summary: the same
License: Apache-2.0
AutoReqProv: no
%global __os_install_post %{nil}
%description
The same.
%global debug_package %{nil}
%install
mkdir -p %{buildroot}
cp -a `+tree+`/usr %{buildroot}
%files
/usr
`), 0o644); err != nil {
		return err
	}
	const dpkg = `dpkg-deb --root-owner-group %s -b "$0" dist/other.deb`
	const rpmbuild = `rm -rf dist/rpmbuild
rpmbuild -bb --quiet --define "_topdir $PWD/dist/rpmbuild" --define "_binary_payload %s" dist/bench.spec`
	for _, c := range []struct{ what, target, compression, script, glob string }{
		{"a deb, zstd, of the same size: dpkg-deb -z9", "deb", "zstd", fmt.Sprintf(dpkg, "-Zzstd -z9"), "dist/other.deb"},
		{"a deb, zstd: dpkg-deb as it comes", "deb", "zstd", fmt.Sprintf(dpkg, "-Zzstd"), "dist/other.deb"},
		{"a deb, xz: dpkg-deb -z0", "deb", "xz", fmt.Sprintf(dpkg, "-Zxz -z0"), "dist/other.deb"},
		{"an rpm, zstd, of the same size: rpmbuild w9.zstdio", "rpm", "zstd",
			fmt.Sprintf(rpmbuild, "w9.zstdio"), "dist/rpmbuild/RPMS/*/*.rpm"},
	} {
		if err := b.compressed(c.compression); err != nil {
			return err
		}
		var ours, other []time.Duration
		for range 3 {
			a, err := b.anew(c.target, "-packages="+largest)
			if err != nil {
				return err
			}
			start := time.Now()
			if err := b.sh(c.script, tree); err != nil {
				return err
			}
			ours, other = append(ours, a), append(other, time.Since(start))
		}
		row(c.what+" "+b.sizes(filepath.Join("dist", benchFork, c.target, "*", largest+"?[0-9]*"), c.glob), ours, other)
	}
	return b.together(filepath.Join(tree, "usr", "libexec", "kubernetes", "hyperkube"))
}

// together compares all packages with compressing the largest program, and
// measures what is left where nothing is to do.
func (b *bench) together(program string) error {
	var all, alone, idle []time.Duration
	for range 3 {
		a, err := b.anew("deb")
		if err != nil {
			return err
		}
		c, err := compress(program)
		if err != nil {
			return err
		}
		d, err := b.mage(nil, "deb")
		if err != nil {
			return err
		}
		all, alone, idle = append(all, a), append(alone, c), append(idle, d)
	}
	row("all debs beside compressing the largest program", all, alone)
	fmt.Printf("\nNothing to do, mage deb: %s\n", spread(idle))
	return nil
}

// anew makes packages that are not there.
func (b *bench) anew(target string, args ...string) (time.Duration, error) {
	if err := os.RemoveAll(filepath.Join(b.dir, "dist", benchFork, target)); err != nil {
		return 0, err
	}
	return b.mage(nil, append([]string{target}, args...)...)
}

// compressed has the fork's packages compressed otherwise.
func (b *bench) compressed(how string) error {
	return b.sh(`sed -i -e /compression:/d -e "s/^packages:.*/&\n  compression: $0/" forks/`+benchFork+`/fork.yaml`, how)
}

// sh runs a script in the clone.
func (b *bench) sh(script, arg string) error {
	_, err := b.time(b.dir, nil, "sh", "-ec", script, arg)
	return err
}

// sizes writes how large two files are.
func (b *bench) sizes(patterns ...string) string {
	var sizes []float64
	for _, p := range patterns {
		names, _ := filepath.Glob(filepath.Join(b.dir, p))
		for _, name := range names {
			if info, err := os.Stat(name); err == nil {
				sizes = append(sizes, float64(info.Size())/1e6)
			}
		}
	}
	return fmt.Sprintf("%.1f MB", sizes)
}

// compress compresses a file as packages are, into nothing.
func compress(name string) (time.Duration, error) {
	start := time.Now()
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w, err := zstd.NewWriter(io.Discard, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(w, f)
	return time.Since(start), errors.Join(err, w.Close())
}
