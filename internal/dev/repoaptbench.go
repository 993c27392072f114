package dev

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/repo/apt"
	"github.com/slipway-build/slipway/version"
)

// BenchRepoApt measures an apt repository of 1,000 small debs and of 40 large ones against apt-ftparchive and others.
//
// -rounds is how often each is measured (7).
func BenchRepoApt(ctx context.Context, rounds *int) error {
	root, err := os.MkdirTemp("", "slipway-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	b := &aptBench{bench: &bench{ctx: ctx, dir: root, env: os.Environ()}, n: 7}
	if rounds != nil {
		b.n = *rounds
	}
	if err := b.prepare(); err != nil {
		return err
	}
	defer func() { _ = b.sh(`GNUPGHOME="$0" gpgconf --kill gpg-agent`, b.gnupg()) }()
	fmt.Printf("%s, %s/%s, %d processors\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Println("| what | Slipway | other | ratio |\n| --- | --- | --- | --- |")
	for _, compare := range []func() error{b.oneMore, b.reprepro, b.aptly, b.nothing} {
		if err := compare(); err != nil {
			return err
		}
	}
	return nil
}

// An aptBench measures in one folder: pool has the small debs, more one for each round and each
// tool, large the large ones.
type aptBench struct {
	*bench
	n      int
	added  int // how many debs of more are used
	signer *sign.Signer
}

func (b *aptBench) at(elem ...string) string {
	return filepath.Join(append([]string{b.dir}, elem...)...)
}
func (b *aptBench) gnupg() string { return b.at("gnupg") }

// prepare makes the debs, a key, and what each tool remembers of the small debs.
func (b *aptBench) prepare() error {
	for _, dir := range []string{"pool", "more", "ours", "theirs", "scratch"} {
		if err := os.Mkdir(b.at(dir), 0o755); err != nil {
			return err
		}
	}
	for i := range 1000 {
		if err := b.writeDeb(b.at("pool"), fmt.Sprintf("captain-%d", i), random(1700)); err != nil {
			return err
		}
	}
	for i := range 3 * b.n {
		if err := b.writeDeb(b.at("more"), fmt.Sprintf("bosun-%d", i), random(1700)); err != nil {
			return err
		}
	}
	if err := b.writeDeb(b.dir, "more", random(1700)); err != nil {
		return err
	}
	if err := os.Rename(b.at("more_1.36.1-1_amd64.deb"), b.at("more.deb")); err != nil {
		return err
	}
	return b.openKey()
}

func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data)
	return data
}

// writeDeb writes a deb with a program.
func (b *aptBench) writeDeb(dir, name string, program []byte) error {
	v, err := version.Parse("1.36.1")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	file, err := deb.Write(packaging.Package{
		Name: name, Version: v, Distro: "1.36.1", Revision: 1, Platform: platform.Platform{OS: "linux", Arch: "amd64"},
		Summary: "steers ships", Description: "Keeps the course of a ship, and says where it is.",
		Homepage: "https://example.org/ship", Section: "admin", License: "Apache-2.0", Copyright: "Ship's authors",
		Maintainer: "Mate <mate@example.org>", Date: time.Unix(1_770_000_000, 0), Compression: "gzip",
		Changes: []string{"New upstream release."},
		Files:   []packaging.File{{Path: "/usr/bin/" + name, Mode: 0o755, Data: program}},
	}, &out, b.at("scratch"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, file), out.Bytes(), 0o644)
}

// writeLarge writes 40 debs of about 25 MB, of what a script prints.
func (b *aptBench) writeLarge(script string) error {
	return b.sh(`rm -rf "$0"; mkdir "$0"; cd "$0"; mkdir -p ship/DEBIAN ship/usr/bin
printf '%s\n' 'Package: ship' 'Version: 1-1' 'Architecture: amd64' 'Maintainer: Mate <mate@example.org>' \
	'Description: sails' >ship/DEBIAN/control
{ `+script+`; } >ship/usr/bin/ship
dpkg-deb -Zzstd -z9 --root-owner-group -b ship 0.deb >/dev/null
rm -r ship
for i in $(seq 39); do cp 0.deb $i.deb; done`, b.at("large"))
}

// openKey makes a key that gpg has, and a Signer, too.
func (b *aptBench) openKey() error {
	b.env = b.env.With("GNUPGHOME=" + b.gnupg())
	err := b.sh(`mkdir -m 700 "$GNUPGHOME"
gpg -q --batch --passphrase '' --quick-gen-key mate@example.org rsa3072 sign never
gpg -q --batch --armor --export-secret-keys >"$0"`, b.at("key"))
	if err != nil {
		return err
	}
	b.signer, err = sign.Open(b.ctx, sign.Settings{Keys: []string{b.at("key")}, Time: time.Now(), Env: b.env})
	return err
}

// next returns a deb that no tool has had yet.
func (b *aptBench) next() (string, error) {
	names, err := filepath.Glob(b.at("more", "*.deb"))
	if err != nil {
		return "", err
	}
	if b.added == len(names) {
		return "", errors.New("there is no deb left to add")
	}
	b.added++
	return names[b.added-1], nil
}

// ours reads the record of the packages, adds one, and writes the suite to files.
func (b *aptBench) ours() (cost, error) {
	return spent(func() error {
		record, err := os.ReadFile(b.at("record.json"))
		if err != nil {
			return err
		}
		s := apt.Suite{Name: "ship", Origin: "ship", Label: "ship", Date: time.Now()}
		if err := json.Unmarshal(record, &s.Packages); err != nil {
			return err
		}
		added, err := apt.Read(b.ctx, b.at("more.deb"))
		if err != nil {
			return err
		}
		s.Packages = append(s.Packages, added)
		files, err := apt.Indexes(b.ctx, s, b.signer)
		for _, f := range files {
			to := b.at("ours", filepath.FromSlash(f.Path))
			err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, f.Data, 0o644))
		}
		return err
	})
}

// record reads the small debs, as they are read once when they are added.
func (b *aptBench) record() error {
	names, err := filepath.Glob(b.at("pool", "*.deb"))
	if err != nil {
		return err
	}
	packages, err := apt.ReadAll(b.ctx, names)
	if err != nil {
		return err
	}
	data, err := json.Marshal(packages)
	if err != nil {
		return err
	}
	return os.WriteFile(b.at("record.json"), data, 0o644)
}

// indexed is what the tools of apt and others do of the same, with the same sums.
const indexed = `apt-ftparchive --md5=no --sha1=no --sha512=no --db theirs/db packages pool >theirs/Packages
apt-ftparchive --db theirs/db contents pool >theirs/Contents-amd64
gzip -9kf theirs/Packages & xz -kf theirs/Packages & gzip -9kf theirs/Contents-amd64 & wait
rm -rf theirs/by-hash theirs/InRelease; mkdir -p theirs/by-hash/SHA256
apt-ftparchive release theirs >Release; mv Release theirs
for i in theirs/Packages* theirs/Contents*; do s=$(sha256sum $i); ln -f $i theirs/by-hash/SHA256/${s%% *}; done
gpg -q --batch --clearsign -o theirs/InRelease theirs/Release`

// oneMore compares adding one deb to 1,000. Both remember what they have read of those.
func (b *aptBench) oneMore() error {
	if err := b.record(); err != nil {
		return err
	}
	if !has("apt-ftparchive", "xz", "gpg") {
		return nil
	}
	if err := b.sh(`cd "$0"; `+indexed, b.dir); err != nil {
		return err
	}
	err := costs("one more of 1,000 debs: apt-ftparchive --db, gzip, xz, gpg", b.n, b.ours, func() (cost, error) {
		more, err := b.next()
		if err != nil {
			return cost{}, err
		}
		if err := os.Link(more, b.at("pool", filepath.Base(more))); err != nil {
			return cost{}, err
		}
		return b.cost(b.dir, nil, "sh", "-ec", indexed)
	})
	const packages = "apt/dists/ship/main/binary-amd64/Packages"
	fmt.Printf("\nPackages, .gz and .xz of it: %s of Slipway, %s of apt-ftparchive, gzip -9 and xz\n\n",
		b.kilobytes("ours/"+packages), b.kilobytes("theirs/Packages"))
	return err
}

// kilobytes writes how large an index and its compressed forms are.
func (b *aptBench) kilobytes(index string) string {
	var sizes []string
	for _, ending := range []string{"", ".gz", ".xz"} {
		if info, err := os.Stat(b.at(index + ending)); err == nil {
			sizes = append(sizes, fmt.Sprint(info.Size()/1000))
		}
	}
	return strings.Join(sizes, ", ") + " kB"
}

// adding compares with a tool that is told of each deb: prepare has it add the small ones.
func (b *aptBench) adding(tool, prepare, add string) error {
	if !has(tool) {
		return nil
	}
	if err := b.sh(`cd "$0"; mkdir `+tool+`; cd `+tool+"; "+prepare, b.dir); err != nil {
		return err
	}
	return costs("one more of 1,000 debs: "+tool, b.n, b.ours, func() (cost, error) {
		more, err := b.next()
		if err != nil {
			return cost{}, err
		}
		return b.cost(b.at(tool), []string{"MORE=" + more}, "sh", "-ec", add)
	})
}

// reprepro writes no by-hash.
func (b *aptBench) reprepro() error {
	return b.adding("reprepro", `mkdir conf
printf '%s\n' 'Codename: ship' 'Origin: ship' 'Label: ship' 'Architectures: amd64' 'Components: main' \
	'SignWith: yes' 'Contents: .gz' 'DebIndices: Packages Release . .gz .xz' >conf/distributions
reprepro --silent includedeb ship ../pool/*.deb`, `reprepro --silent includedeb ship "$MORE"`)
}

func (b *aptBench) aptly() error {
	return b.adding("aptly", `printf '{"rootDir": "%s", "architectures": ["amd64"]}' "$PWD" >conf
aptly -config=conf repo create -distribution=ship -component=main ship >/dev/null
aptly -config=conf repo add ship ../pool >/dev/null
aptly -config=conf publish repo -batch -acquire-by-hash ship >/dev/null 2>&1`,
		`aptly -config=conf repo add ship "$MORE" >/dev/null
aptly -config=conf publish update -batch ship >/dev/null 2>&1`)
}

// nothing compares reading 40 large debs of which nothing is known: of bytes that cannot be
// compressed, and of programs, which take longer to unpack than to hash.
func (b *aptBench) nothing() error {
	const programs = `cat "$(go env GOROOT)"/bin/go "$(go env GOTOOLDIR)"/* | head -c 70000000`
	return errors.Join(
		b.large("40 debs of 25 MB", `head -c 25000000 /dev/urandom`),
		b.large("40 debs of programs, 70 MB in 24 MB", programs))
}

// large compares reading large debs with hashing them, and with what apt-ftparchive does.
func (b *aptBench) large(what, script string) error {
	if err := b.writeLarge(script); err != nil {
		return err
	}
	names, err := filepath.Glob(b.at("large", "*.deb"))
	if err != nil {
		return err
	}
	ours := func() (cost, error) {
		return spent(func() error {
			_, err := apt.ReadAll(b.ctx, names)
			return err
		})
	}
	sums := func() (cost, error) {
		return b.cost(b.dir, nil, append([]string{"sha256sum"}, names...)...)
	}
	hash := func() (cost, error) { return spent(func() error { return hashEach(names) }) }
	archive := func() (cost, error) {
		return b.cost(b.dir, nil, "sh", "-ec", "apt-ftparchive packages large; apt-ftparchive contents large")
	}
	n := max(1, b.n/2)
	err = errors.Join(costs(what+": sha256sum", n, ours, sums),
		costs(what+": hashing one after another", n, ours, hash))
	if err == nil && has("apt-ftparchive") {
		err = costs(what+": apt-ftparchive", n, ours, archive)
	}
	return err
}

// hashEach hashes files one after another.
func hashEach(names []string) error {
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(sha256.New(), f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(name), err)
		}
	}
	return nil
}
