package images

import (
	"archive/zip"
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// zones writes an archive of time zones.
func zones(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"Europe/", "Europe/Vienna", "UTC"} {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if _, err := f.Write([]byte("TZif " + name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "zoneinfo.zip")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestSystem(t *testing.T) {
	archive := zones(t)
	const root = "root:x:0:0:root:/root:/sbin/nologin\n"
	const nobody = "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
	for _, c := range []struct {
		users         map[string]int
		passwd, group string
	}{
		{nil, root + nobody, "root:x:0:\nnobody:x:65534:\n"},
		{map[string]int{"mate": 491, "cook": 490, "bosun": 491},
			root + "cook:x:490:490::/nonexistent:/sbin/nologin\nbosun:x:491:491::/nonexistent:/sbin/nologin\n" +
				"mate:x:491:491::/nonexistent:/sbin/nologin\n" + nobody,
			"root:x:0:\ncook:x:490:\nbosun:x:491:\nmate:x:491:\nnobody:x:65534:\n"},
	} {
		files, err := System(c.users, archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check("ship", "amd64", Base{}, files, nil); err != nil {
			t.Errorf("%v: %v", c.users, err)
		}
		for name, want := range map[string]string{
			"/etc/passwd": c.passwd, "/etc/group": c.group,
			"/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n", "/etc/nsswitch.conf": "hosts: files dns\n",
			"/usr/share/zoneinfo/Europe/Vienna": "TZif Europe/Vienna", "/usr/share/zoneinfo/UTC": "TZif UTC",
		} {
			i := slices.IndexFunc(files, func(f File) bool { return f.Path == name })
			if i < 0 || string(files[i].Data) != want {
				t.Errorf("%v: %s is not %q", c.users, name, want)
			}
		}
		var dirs []string
		for _, line := range headers(t, write(t, files, "zstd")) {
			if line[0] == '5' {
				dirs = append(dirs, line)
			}
		}
		want := []string{
			"5 0755 0:0 etc/", "5 0755 0:0 etc/ssl/", "5 0755 0:0 etc/ssl/certs/", "5 0700 0:0 root/", "5 1777 0:0 tmp/",
			"5 0755 0:0 usr/", "5 0755 0:0 usr/share/", "5 0755 0:0 usr/share/zoneinfo/",
			"5 0755 0:0 usr/share/zoneinfo/Europe/",
		}
		if !slices.Equal(dirs, want) {
			t.Errorf("%v: the dirs are\n%s\nwant\n%s", c.users, strings.Join(dirs, "\n"), strings.Join(want, "\n"))
		}
	}
	for name, want := range map[string]string{
		"/none/such": "time zones: /none/such: open /none/such: no such file or directory",
		os.DevNull:   "time zones: " + os.DevNull + ": zip: not a valid zip file",
	} {
		if _, err := System(nil, name); err == nil || err.Error() != want {
			t.Errorf("System() = %v, want %s", err, want)
		}
	}
}

// TestAuthorities reads the root certificates as a program does.
func TestAuthorities(t *testing.T) {
	n := 0
	for rest := authorities(); len(rest) > 0; n++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			t.Fatalf("certificate %d is none", n)
		}
	}
	if n < 100 { // Mozilla trusts some 140
		t.Errorf("there are %d certificates", n)
	}
}
