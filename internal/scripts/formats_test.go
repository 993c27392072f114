package scripts_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/deb"
	"github.com/slipway-build/slipway/internal/golden"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/rpm"
)

// writers are the formats that a package is written in.
var writers = map[string]func(packaging.Package, io.Writer, string) (string, error){"deb": deb.Write, "rpm": rpm.Write}

// sample is a package with something of every kind. Its program, of several
// blocks for any compressor, is in dir.
func sample(t *testing.T, dir string) packaging.Package {
	t.Helper()
	program := make([]byte, 3<<19)
	words := rand.New(rand.NewPCG(1, 2))
	for i := range program {
		program[i] = byte(words.IntN(20))
	}
	at := filepath.Join(dir, "bosun")
	if err := os.WriteFile(at, program, 0o755); err != nil {
		t.Fatal(err)
	}
	return packaging.Package{
		Name: "bosun", Distro: "1.5.0~rc.1+acme.2", Revision: 3, Platform: platform.Platform{OS: "linux", Arch: "arm64"},
		Summary: "calls the crew", Description: "All hands.\n\nOn deck.", Homepage: "https://example.org", Section: "admin",
		License: "MIT", LicenseText: []byte("as you like\n"), Copyright: "2026 Mate", Maintainer: "Mate <mate@example.org>",
		Date: time.Unix(1e9, 0).UTC(), Compression: "zstd:best", Changes: []string{"a call", "another"},
		Restart: []string{"bosun.service"}, State: []string{"/var/lib/bosun"},
		Retired:   []string{"/etc/systemd/system/bosun.service"},
		Overrides: []packaging.Override{{Tag: "no-whistle", Reason: "It is in another package."}},
		Files: []packaging.File{
			{Path: "/etc/default/bosun", Kind: packaging.Config, Mode: 0o640, Data: []byte("BOSUN_ARGS=\"\"\n")},
			{Path: "/usr/bin/bosun", Mode: 0o755, Source: at},
			{Path: "/usr/bin/boatswain", Kind: packaging.Link, Mode: 0o777, Target: "bosun"},
			{Path: "/usr/libexec/crew/hands/bosun", Kind: packaging.Link, Mode: 0o777, Target: "../../../bin/bosun"},
			{Path: "/usr/lib/systemd/system/bosun.service", Mode: 0o644, Data: []byte("[Service]\n[Install]\n")},
			{Path: "/usr/lib/sysusers.d/bosun.conf", Mode: 0o644, Data: []byte("u bosun -\n")},
			{Path: "/usr/lib/tmpfiles.d/bosun.conf", Mode: 0o644, Data: []byte("d /run/bosun\n")},
			{Path: "/usr/share/man/man1/bosun.1.gz", Mode: 0o644, Data: []byte("no page\n")},
			{Path: "/var/lib/bosun", Kind: packaging.Folder, Mode: 0o700},
		},
		Relations: packaging.Relations{
			Depends: []packaging.Relation{"whistle >= 1.0"}, Recommends: []packaging.Relation{"rum"},
			Suggests:  []packaging.Relation{"tobacco"},
			Conflicts: []packaging.Relation{"mutiny"}, Replaces: []packaging.Relation{"mate < 1.4"},
			Provides: []packaging.Relation{"mate = 1.5.0"},
		},
	}
}

// TestFormatsWriteTheSameBytes writes a package again in ways that must make no
// difference: in another order, elsewhere, with more processors.
func TestFormatsWriteTheSameBytes(t *testing.T) {
	for name, write := range writers {
		for _, compression := range []string{"zstd:best", "xz", "gzip:9"} {
			t.Run(name+" "+compression, func(t *testing.T) {
				once := func(p packaging.Package) []byte {
					p.Compression = compression
					var b bytes.Buffer
					if _, err := write(p, &b, t.TempDir()); err != nil {
						t.Fatal(err)
					}
					return b.Bytes()
				}
				want := once(sample(t, t.TempDir()))
				for how, change := range map[string]func(*packaging.Package){
					"a second time": func(*packaging.Package) {},
					"with its files in another order": func(p *packaging.Package) {
						rand.Shuffle(len(p.Files), func(i, j int) { p.Files[i], p.Files[j] = p.Files[j], p.Files[i] })
					},
					"in another time zone": func(p *packaging.Package) { p.Date = p.Date.In(time.FixedZone("", 3600)) },
					"with one processor":   func(*packaging.Package) { runtime.GOMAXPROCS(1) },
					"with four":            func(*packaging.Package) { runtime.GOMAXPROCS(4) },
				} {
					before := runtime.GOMAXPROCS(0)
					p := sample(t, t.TempDir())
					change(&p)
					got := once(p)
					runtime.GOMAXPROCS(before)
					if !bytes.Equal(got, want) {
						t.Errorf("%s, %d bytes differ from the %d of the first time", how, len(got), len(want))
					}
				}
			})
		}
	}
}

// TestFormatsFail holds that a package that cannot be written is an error that
// names it.
func TestFormatsFail(t *testing.T) {
	for name, write := range writers {
		p := sample(t, t.TempDir())
		if err := os.Remove(p.Files[1].Source); err != nil {
			t.Fatal(err)
		}
		_, err := write(p, io.Discard, t.TempDir())
		told := fmt.Sprint(err)
		if !strings.Contains(told, p.Files[1].Source) || !strings.Contains(told, "package bosun: ") {
			t.Errorf("%s of a package whose program is gone: %v", name, err)
		}
	}
}

// TestFormatsAreRead holds what the tools of each distribution read in a package.
func TestFormatsAreRead(t *testing.T) {
	for name, read := range map[string]string{
		"deb": `dpkg-deb -f "$0"; dpkg-deb -c "$0"; dpkg-deb -e "$0" control; cd control; echo '== conffiles'; cat conffiles
for s in preinst postinst prerm postrm; do echo "== $s"; sh -n $s; cat $s; done
for f in doc/bosun/copyright lintian/overrides/bosun; do
	echo "== $f"; dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/share/$f
done
echo "== changelog"; dpkg-deb --fsys-tarfile "$0" | tar -xO ./usr/share/doc/bosun/changelog.Debian.gz | gzip -d`,
		"rpm": `for tag in nevra summary description license url packager buildhost buildtime payloadcompressor; do
	rpm -qp --nosignature --qf "%{$tag}\n" "$0"
done
for what in requires recommends suggests conflicts obsoletes provides; do
	echo "== $what"; rpm -qp --nosignature --$what "$0"
done
of="%{fileusername} %{filegroupname} %{filemtimes} %{fileflags:fflags} %{filenames} %{filelinktos}"
echo "== files"; rpm -qp --nosignature --qf "[%{filemodes:perms} $of\n]" "$0"
echo "== changelog"; rpm -qp --nosignature --changelog "$0"; rpm -qp --nosignature --scripts "$0"`,
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Need(t, map[string]string{"deb": "dpkg-deb", "rpm": "rpm"}[name])
			dir := t.TempDir()
			var b bytes.Buffer
			file, err := writers[name](sample(t, dir), &b, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, file), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-ec", read, filepath.Join(dir, file))
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C", "TZ=UTC")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			golden.Check(t, filepath.Join("testdata", name+".golden"), append([]byte(file+"\n"), out...))
		})
	}
}
