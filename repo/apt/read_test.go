package apt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/release/contents/contentstest"
)

func TestRead(t *testing.T) {
	file := writeDeb(t, "Size: 1\n"+control("captain", "1.36.1+acme.1-1")+"Filename: ../etc/passwd\n or else\n",
		"usr/bin/", "usr/bin/captain", "usr/bin/bosun", "usr/share/ship/the log")
	got, err := Read(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := Package{
		Name: "captain", Version: "1.36.1+acme.1-1", Architecture: "amd64", Section: "admin",
		Control: control("captain", "1.36.1+acme.1-1"), Size: int64(len(data)),
		SHA256: fmt.Sprintf("%x", sha256.Sum256(data)),
		Files:  []string{"usr/bin/bosun", "usr/bin/captain", "usr/share/ship/the log"},
	}
	want.Path = "apt/pool/" + want.SHA256[:2] + "/" + want.SHA256 + "/captain_1.36.1_acme.1-1_amd64.deb"
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("Read() = %+v\nwant %+v", got, want)
	}
}

func TestReadAll(t *testing.T) {
	good := writeDeb(t, control("captain", "1.36.1-1"))
	bad := writeDeb(t, "Package: captain\n")
	if got, err := ReadAll(t.Context(), []string{good, good}); err != nil || len(got) != 2 || got[1].Name != "captain" {
		t.Errorf("ReadAll() = %v, %v", got, err)
	}
	missing := filepath.Join(t.TempDir(), "missing.deb")
	_, err := ReadAll(t.Context(), []string{bad, good, missing})
	if err == nil || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), missing) {
		t.Errorf("ReadAll() = %v, want what is wrong with both", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadAll(ctx, []string{good}); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadAll() = %v, want the context's error", err)
	}
}

func TestRefusedControls(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no name", "Version: 1\nArchitecture: all\n", `the field Package is ""`},
		{"a path as name", "Package: ../bosun\nVersion: 1\nArchitecture: all\n", `the field Package is "../bosun"`},
		{"no version", "Package: bosun\nArchitecture: all\n", `the field Version is ""`},
		{"a path as version", "Package: bosun\nVersion: 1/2\nArchitecture: all\n", `the field Version is "1/2"`},
		{"no architecture", "Package: bosun\nVersion: 1\n", `the field Architecture is ""`},
		{"two architectures", "Package: bosun\nVersion: 1\nArchitecture: amd64 arm64\n", `is "amd64 arm64"`},
		{"two sections", "Package: bosun\nVersion: 1\nArchitecture: all\nSection: a b\n", `the field Section is "a b"`},
		{"a second paragraph", "Package: bosun\n\nPackage: mate\n", "line 2 is blank"},
		{"a field twice", "Package: bosun\npackage: mate\n", `line 2, "package: mate": want NAME: VALUE, each name once`},
		{"no field", "Package: bosun\nmate\n", `line 2, "mate": want NAME: VALUE`},
		{"no name of a field", ": bosun\n", `line 1, ": bosun": want NAME: VALUE`},
		{"continued", " bosun\n", "line 1 continues a field"},
		{"nothing", "", "line 1 is blank"},
	} {
		if _, err := parseControl(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestRefusedDebs reads debs that are damaged. Each error begins with the file.
func TestRefusedDebs(t *testing.T) {
	data := contentstest.Tar(t, contentstest.File("./usr/bin/captain", strings.Repeat("a program\n", 10_000)))
	good := debOf(t, control("captain", "1.36.1-1"), data)
	flipped := slices.Clone(good)
	flipped[len(flipped)-60] ^= 0xff
	bare := contentstest.Compress(t, "gz", contentstest.Tar(t, contentstest.File("./", "")))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "it is not a Debian package"},
		{"a page of a proxy", []byte("<html>"), "it is not a Debian package"},
		{"cut off", good[:len(good)-20], "data.tar.xz"},
		{"without data", good[:200], "control.tar.gz"},
		{"a byte flipped", flipped, "data.tar.xz"},
		{"a blank line", debOf(t, "Package: captain\n\n\nVersion: 1\n", data), "control.tar.gz: ./control: line 2 is blank"},
		{"a large control file", debOf(t, strings.Repeat(" ", maxControl+1), data), "more than 1048576 bytes"},
		{"a name of two lines", debOf(t, control("captain", "1"), contentstest.Tar(t, contentstest.File("./a\nb", ""))),
			"its name has more than one line"},
		{"no control file", contentstest.Ar(t, contentstest.File("debian-binary", "2.0\n"),
			contentstest.File("control.tar.gz", string(bare)), contentstest.File("data.tar.gz", string(bare))),
			"control.tar has no control file"},
	} {
		file := filepath.Join(t.TempDir(), "captain.deb")
		if err := os.WriteFile(file, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Read(t.Context(), file)
		if err == nil || !strings.HasPrefix(err.Error(), file+": ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
