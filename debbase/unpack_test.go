package debbase

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// put writes packages to a folder as Fetch does, and returns their pins.
func put(t *testing.T, dir string, debs map[string][]byte) []Pin {
	t.Helper()
	var pins []Pin
	for name, data := range debs {
		p := pinOf(name, data)
		if err := os.WriteFile(filepath.Join(dir, p.SHA256+".deb"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		pins = append(pins, p)
	}
	slices.SortFunc(pins, func(a, b Pin) int { return strings.Compare(a.Name, b.Name) })
	return pins
}

// listing writes entries as lines: mode, owner, path, and target or content.
func listing(t *testing.T, entries []Entry) string {
	t.Helper()
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&b, "%v %d:%d %s", e.Mode, e.UID, e.GID, e.Path)
		switch e.Kind {
		case Folder:
			b.WriteString("/")
		case Link:
			b.WriteString(" -> " + e.Target)
		case HardLink:
			b.WriteString(" = " + e.Target)
		case File:
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil || int64(len(data)) != e.Size {
				t.Errorf("%s has %d bytes, and says %d: %v", e.Path, len(data), e.Size, err)
			}
			r.Close()
			fmt.Fprintf(&b, " %q", data)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// somePackages are packages like those of bookworm and trixie.
func somePackages(t *testing.T) map[string][]byte {
	t.Helper()
	owned := file("./etc/shadowed", "s", 0o640)
	owned.Uid, owned.Gid = 3, 42
	sticky := folder("./tmp/")
	sticky.Mode = 0o1777
	return map[string][]byte{
		"base-files": debOf(t, "base-files", ".gz", "", folder("./"), link(tar.TypeSymlink, "./bin", "usr/bin"), sticky,
			folder("./usr/"), owned),
		"libx": debOf(t, "libx", ".xz", "ldconfig", folder("./"), folder("./lib/"), folder("./lib/x86_64-linux-gnu/"),
			file("./lib/x86_64-linux-gnu/libx.so.1.2", "so", 0o644),
			link(tar.TypeSymlink, "./lib/x86_64-linux-gnu/libx.so.1", "libx.so.1.2"),
			link(tar.TypeSymlink, "./lib64/ld.so", "/lib/x86_64-linux-gnu/ld.so"),
			folder("./usr/share/doc/libx/"), file("./usr/share/doc/libx/copyright", "MIT", 0o644),
			file("./usr/share/doc/libx/changelog.gz", "c", 0o644), file("./usr/share/man/man3/x.3", "m", 0o644),
			file("./usr/share/locale/de/x.mo", "l", 0o644), file("./usr/share/manx", "kept", 0o644)),
		"iptables": debOf(t, "iptables", ".zst", "update-alternatives --install",
			file("./usr/sbin/xtables-nft-multi", "nft", 0o755),
			link(tar.TypeSymlink, "./usr/sbin/iptables-nft", "xtables-nft-multi"),
			link(tar.TypeSymlink, "./usr/sbin/iptables-legacy", "xtables-legacy-multi"),
			link(tar.TypeSymlink, "./usr/share/doc/iptables", "libx")),
		"mount": debOf(t, "mount", "", "setcap cap_sys_admin /bin/mount\nupdate-alternatives --install",
			folder("./bin/"), file("./bin/mount", "m", 0o4755), link(tar.TypeLink, "./bin/amount", "./bin/mount"),
			tar.Header{Typeflag: tar.TypeChar, Name: "./dev/null", Mode: 0o666},
			file("./usr/share/man/a", "shared", 0o644), link(tar.TypeLink, "./usr/share/z", "./usr/share/man/a"),
			link(tar.TypeLink, "./usr/share/y", "./usr/share/z")),
	}
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	pins := put(t, dir, somePackages(t))
	layer, err := Unpack(t.Context(), pins, dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	status := func(name string) string {
		return "-rw-r--r-- 0:0 var/lib/dpkg/status.d/" + name +
			` "Package: ` + name + `\nVersion: 1.0\nArchitecture: amd64\n"`
	}
	want := strings.Join([]string{
		"-rwxrwxrwx 0:0 bin -> usr/bin",
		"-rwxr-xr-x 0:0 etc/",
		`-rw-r----- 3:42 etc/shadowed "s"`,
		"-rwxrwxrwx 0:0 lib -> usr/lib",
		"-rwxrwxrwx 0:0 lib64 -> usr/lib64",
		"-rwxrwxrwx 0:0 sbin -> usr/sbin",
		"trwxrwxrwx 0:0 tmp/",
		"-rwxr-xr-x 0:0 usr/",
		"-rwxr-xr-x 0:0 usr/bin/",
		`-rwxr-xr-x 0:0 usr/bin/amount "m"`,
		"-rwxr-xr-x 0:0 usr/bin/mount = usr/bin/amount",
		"-rwxr-xr-x 0:0 usr/lib/",
		"-rwxr-xr-x 0:0 usr/lib/x86_64-linux-gnu/",
		"-rwxrwxrwx 0:0 usr/lib/x86_64-linux-gnu/libx.so.1 -> libx.so.1.2",
		`-rw-r--r-- 0:0 usr/lib/x86_64-linux-gnu/libx.so.1.2 "so"`,
		"-rwxr-xr-x 0:0 usr/lib64/",
		"-rwxrwxrwx 0:0 usr/lib64/ld.so -> /lib/x86_64-linux-gnu/ld.so",
		"-rwxr-xr-x 0:0 usr/sbin/",
		"-rwxrwxrwx 0:0 usr/sbin/iptables -> /usr/sbin/iptables-nft",
		"-rwxrwxrwx 0:0 usr/sbin/iptables-legacy -> xtables-legacy-multi",
		"-rwxrwxrwx 0:0 usr/sbin/iptables-nft -> xtables-nft-multi",
		`-rwxr-xr-x 0:0 usr/sbin/xtables-nft-multi "nft"`,
		"-rwxr-xr-x 0:0 usr/share/",
		"-rwxr-xr-x 0:0 usr/share/doc/",
		"-rwxrwxrwx 0:0 usr/share/doc/iptables -> libx",
		"-rwxr-xr-x 0:0 usr/share/doc/libx/",
		`-rw-r--r-- 0:0 usr/share/doc/libx/copyright "MIT"`,
		`-rw-r--r-- 0:0 usr/share/manx "kept"`,
		`-rw-r--r-- 0:0 usr/share/y "shared"`,
		"-rw-r--r-- 0:0 usr/share/z = usr/share/y",
		"-rwxr-xr-x 0:0 var/",
		"-rwxr-xr-x 0:0 var/lib/",
		"-rwxr-xr-x 0:0 var/lib/dpkg/",
		"-rwxr-xr-x 0:0 var/lib/dpkg/status.d/",
		status("base-files"), status("iptables"), status("libx"), status("mount"),
	}, "\n") + "\n"
	got := listing(t, layer.Entries)
	if got != want {
		t.Errorf("the layer has\n%s\nwant\n%s", got, want)
	}
	notes := []string{
		"mount: bin/mount has lost its set-user-ID or set-group-ID bit",
		"mount: dev/null is left out: a layer has no devices and pipes",
		"mount: its postinst calls setcap, which was not run",
		"mount: its postinst calls update-alternatives, for links that are not known here",
	}
	if !slices.Equal(layer.Notes, notes) {
		t.Errorf("the notes are %q, want %q", layer.Notes, notes)
	}
	slices.Reverse(pins)
	again, err := Unpack(t.Context(), pins, dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if l := listing(t, again.Entries); l != got || !slices.Equal(again.Notes, layer.Notes) {
		t.Errorf("from pins in another order the layer has\n%s\nand %q", l, again.Notes)
	}
}

func TestUnpackRefuses(t *testing.T) {
	deb := func(data ...tar.Header) map[string][]byte {
		return map[string][]byte{"a": debOf(t, "a", "", "", data...)}
	}
	control := string(tarOf(t, file("control", "Package: a\nVersion: 1.0\nArchitecture: amd64\n", 0o644)))
	ars := func(members ...string) map[string][]byte { return map[string][]byte{"a": arOf(t, members...)} }
	for _, c := range []struct {
		name string
		debs map[string][]byte
		err  string
	}{
		{"a path out of the root", deb(file("./../etc/passwd", "x", 0o644)),
			`package a: ;"./../etc/passwd" leaves the layer`},
		{"an absolute path", deb(file("/etc/passwd", "x", 0o644)), `"/etc/passwd" leaves the layer`},
		{"a way round", deb(file("./usr/../etc/passwd", "x", 0o644)), "not a clean path"},
		{"a hard link out of the root", deb(link(tar.TypeLink, "./b", "../c")), `"../c" leaves the layer`},
		{"a hard link to nothing", deb(link(tar.TypeLink, "./b", "./c")), `b is a hard link to "./c", which is not a file`},
		{"a hard link to a folder", deb(folder("./c"), link(tar.TypeLink, "./b", "./c")), "which is not a file"},
		{"a file twice", deb(file("./b", "1", 0o644), file("./b", "2", 0o644)), "b is in it twice"},
		{"a file below a link", deb(link(tar.TypeSymlink, "./etc", "/tmp"), file("./etc/b", "1", 0o644)),
			"etc/b of package a is below etc of package a, which is not a dir"},
		{"a file below a file", deb(file("./etc", "1", 0o644), file("./etc/b", "1", 0o644)),
			"etc/b of package a is below etc"},
		{"a link in the place of usr", deb(link(tar.TypeSymlink, "./bin", "/tmp")),
			"bin is in package a and in package (the layer itself)"},
		{"a file in both of a merged usr", deb(file("./bin/b", "1", 0o644), link(tar.TypeSymlink, "./usr/bin/b", "/bin/b")),
			"usr/bin/b is in package a and in package a"},
		{"a file in two packages", map[string][]byte{
			"a": debOf(t, "a", "", "", file("./b", "1", 0o644)), "c": debOf(t, "c", "", "", file("./b", "1", 0o644)),
		}, "b is in package a and in package c: leave one of them out"},
		{"another package", map[string][]byte{"a": debOf(t, "b", "", "")},
			"it is b 1.0 for amd64, but pinned as a 1.0 for amd64"},
		{"no ar", map[string][]byte{"a": []byte("<html>no such package, sorry; ask your administrator for it</html>")},
			"package a: ;it is not a Debian package"},
		{"an ar without data", ars("debian-binary", "2.0\n", "control.tar", control), "no data.tar"},
		{"an ar without control", ars("debian-binary", "2.0\n", "data.tar", control), "no control.tar"},
		{"an empty control", ars("control.tar", string(tarOf(t, file("control", "", 0o644))), "data.tar", control),
			"the control file is empty"},
		{"a compression of old", ars("control.tar", control, "data.tar.lzma", "x"),
			"data.tar.lzma has an unknown compression"},
		{"data that is no xz", ars("control.tar", control, "data.tar.xz", "hello, hello, hello"), "data.tar.xz: "},
		{"data that is cut short", ars("control.tar", control, "data.tar",
			string(tarOf(t, file("b", strings.Repeat("x", 2000), 0o644)))[:1500]), "data.tar: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := Unpack(t.Context(), put(t, dir, c.debs), dir, t.TempDir())
			wantError(t, err, strings.Split(c.err, ";")...)
		})
	}
}

func TestFetch(t *testing.T) {
	data := debOf(t, "a", ".gz", "", file("./b", "1", 0o644))
	flipped := slices.Clone(data)
	flipped[len(flipped)/2] ^= 1
	good := pinOf("a", data)
	changed := func(change func(*Pin)) Pin {
		p := good
		change(&p)
		return p
	}
	for _, c := range []struct {
		name   string
		remote []byte // nil is none
		kept   []byte // what an earlier Fetch left, or nil
		pin    Pin
		err    string
	}{
		{"as it is", data, nil, good, ""},
		{"there already", nil, data, good, ""},
		{"there already, and broken", data, flipped, good, ""},
		{"a byte flipped", flipped, nil, good,
			"package a: https://deb.example.org/debian/pool/a.deb: it is not the file;sha256:" + good.SHA256 + ";lock again"},
		{"a byte more", append(slices.Clone(data), 0), nil, good, "it has more than the"},
		{"a byte less", data[1:], nil, good, "it ends after"},
		{"gone", nil, nil, good, "package a: https://deb.example.org/debian/pool/a.deb: 404;use a snapshot"},
		{"gone, and what is there is broken", nil, flipped, good, "404"},
		{"of another suite", data, nil, changed(func(p *Pin) { p.Suite = "sid" }), "package a is pinned from sid"},
		{"a digest that leaves the folder", data, nil, changed(func(p *Pin) { p.SHA256 = "../a" }),
			`package a: "../a" is not a SHA-256`},
		{"no size", data, nil, changed(func(p *Pin) { p.Size = 0 }), "package a: its size is missing"},
		{"a space in a version", data, nil, changed(func(p *Pin) { p.Version = "1 2" }), "package a: its version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, m := t.TempDir(), mirror{}
			if c.remote != nil {
				m["pool/a.deb"] = c.remote
			}
			name := filepath.Join(dir, good.SHA256+".deb")
			if c.kept != nil {
				if err := os.WriteFile(name, c.kept, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := Fetch(t.Context(), []Archive{m.archive(nil)}, []Pin{c.pin}, dir, func() {})
			if c.err != "" {
				wantError(t, err, strings.Split(c.err, ";")...)
			} else if got, readErr := os.ReadFile(name); err != nil || string(got) != string(data) {
				t.Errorf("Fetch left %d bytes that are not the package: %v, %v", len(got), err, readErr)
			}
			// Whatever happens, nothing half written is left, and no other file.
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 1 || len(left) == 1 && left[0].Name() != filepath.Base(name) {
				t.Errorf("Fetch left %v, %v", left, err)
			}
		})
	}
	// What was not fetched, or changed since, is not unpacked.
	dir := t.TempDir()
	_, err := Unpack(t.Context(), []Pin{good}, dir, t.TempDir())
	wantError(t, err, "package a: it is missing: fetch it first")
	if err := os.WriteFile(filepath.Join(dir, good.SHA256+".deb"), flipped, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Unpack(t.Context(), []Pin{good}, dir, t.TempDir())
	wantError(t, err, "package a: ", "it is not the file that is pinned")
}
