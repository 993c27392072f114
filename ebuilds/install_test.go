package ebuilds

import (
	"bytes"
	"compress/gzip"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/packaging"
)

func gzipped(t *testing.T, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestInstall has how each kind of file is installed. To add one, add a row: the
// file, its lines of src_install, and its path in the distfile, if it is there.
func TestInstall(t *testing.T) {
	const from = "files/bosun"
	for _, c := range []struct {
		file     packaging.File
		lines    []string
		unpacked string
	}{
		{program("/usr/bin/bosun"), []string{"dobin bin/bosun"}, ""},
		{packaging.File{Path: "/usr/sbin/boatswain", Mode: 0o755, Source: "/built/bosun"},
			[]string{"newsbin bin/bosun boatswain"}, ""},
		{program("/usr/bin/boat"), []string{"dobin bin/boat"}, ""},
		{program("/usr/sbin/boat"), []string{"dosbin bin/boat"}, ""},
		{program("/usr/libexec/ship/boat"), []string{"exeinto /usr/libexec/ship", "doexe bin/boat"}, ""},
		{packaging.File{Path: "/opt/ship/mate", Mode: 0o755, Source: "/built/bosun"},
			[]string{"exeinto /opt/ship", "newexe bin/bosun mate"}, ""},
		{packaging.File{Path: "/usr/bin/call", Mode: 0o755, Data: []byte("#!/bin/sh\n")},
			[]string{"dobin " + from + "/usr/bin/call"}, "/usr/bin/call"},
		{packaging.File{Path: "/usr/bin/bosun", Kind: packaging.Link, Target: "captain"},
			[]string{"dosym captain /usr/bin/bosun"}, ""},
		{packaging.File{Path: "/var/lib/bosun", Kind: packaging.Folder, Mode: 0o755}, []string{"keepdir /var/lib/bosun"}, ""},
		{text("/etc/bosun.conf", "x"), []string{"insinto /etc", "doins " + from + "/etc/bosun.conf"}, "/etc/bosun.conf"},
		{packaging.File{Path: "/etc/default/bosun", Kind: packaging.Config, Mode: 0o644, Data: []byte("x")},
			[]string{"insinto /etc/default", "doins " + from + "/etc/default/bosun"}, "/etc/default/bosun"},
		{text("/usr/lib/systemd/system/bosun.socket", "x"),
			[]string{"systemd_dounit " + from + "/usr/lib/systemd/system/bosun.socket"},
			"/usr/lib/systemd/system/bosun.socket"},
		{text("/usr/lib/systemd/system/a.service.d/b.conf", "x"),
			[]string{
				"insinto /usr/lib/systemd/system/a.service.d",
				"doins " + from + "/usr/lib/systemd/system/a.service.d/b.conf",
			},
			"/usr/lib/systemd/system/a.service.d/b.conf"},
		{text("/usr/lib/tmpfiles.d/bosun.conf", "x"), []string{"dotmpfiles " + from + "/usr/lib/tmpfiles.d/bosun.conf"},
			"/usr/lib/tmpfiles.d/bosun.conf"},
		{text("/usr/lib/sysusers.d/bosun.conf", "u bosun -\n"), nil, ""},
		{text("/etc/init.d/bosun", "x"), []string{"doinitd " + from + "/etc/init.d/bosun"}, "/etc/init.d/bosun"},
		{text("/etc/conf.d/bosun", "x"), []string{"doconfd " + from + "/etc/conf.d/bosun"}, "/etc/conf.d/bosun"},
		{text("/usr/share/man/man8/bosun.8", "x"), []string{"doman " + from + "/usr/share/man/man8/bosun.8"},
			"/usr/share/man/man8/bosun.8"},
		{packaging.File{Path: "/usr/share/man/man8/bosun.8.gz", Mode: 0o644, Data: gzipped(t, "x")},
			[]string{"doman " + from + "/usr/share/man/man8/bosun.8"}, "/usr/share/man/man8/bosun.8"},
		{text("/usr/share/doc/bosun.gz", "x"),
			[]string{"insinto /usr/share/doc", "doins " + from + "/usr/share/doc/bosun.gz"}, "/usr/share/doc/bosun.gz"},
		{text("/usr/share/bash-completion/completions/bosun", "x"),
			[]string{"dobashcomp " + from + "/usr/share/bash-completion/completions/bosun"},
			"/usr/share/bash-completion/completions/bosun"},
		{text("/usr/share/fish/vendor_completions.d/bosun.fish", "x"),
			[]string{"dofishcomp " + from + "/usr/share/fish/vendor_completions.d/bosun.fish"},
			"/usr/share/fish/vendor_completions.d/bosun.fish"},
		{text("/usr/share/zsh/site-functions/_bosun", "x"),
			[]string{"dozshcomp " + from + "/usr/share/zsh/site-functions/_bosun"}, "/usr/share/zsh/site-functions/_bosun"},
	} {
		in, err := Fork{}.install(packaging.Package{Name: "bosun", Files: []packaging.File{c.file}})
		if lines := script(in.commands); err != nil || !slices.Equal(lines, c.lines) {
			t.Errorf("%s: the lines are %q, %v, want %q", c.file.Path, lines, err, c.lines)
		}
		var unpacked string
		for _, f := range in.files {
			unpacked += f.Path
			if string(f.Data) != "x" && c.file.Mode&0o111 == 0 {
				t.Errorf("%s unpacks to %q", f.Path, f.Data)
			}
		}
		if unpacked != c.unpacked {
			t.Errorf("%s unpacks to %q, want %q", c.file.Path, unpacked, c.unpacked)
		}
	}
}

// TestScript has lines of src_install for several files.
func TestScript(t *testing.T) {
	long := "/etc/ship/" + strings.Repeat("a", 60)
	for _, c := range []struct {
		name  string
		files []packaging.File
		want  []string
	}{
		{"nothing", nil, nil},
		{"one command for files of a kind", []packaging.File{
			text("/usr/lib/systemd/system/a.socket", "x"), text("/usr/lib/systemd/system/b.socket", "x"),
		}, []string{"systemd_dounit files/bosun" + unitDir + "/a.socket files/bosun" + unitDir + "/b.socket"}},
		{"one for each folder", []packaging.File{text("/etc/a", "x"), text("/etc/b/c", "x"), text("/etc/d", "x")},
			[]string{
				"insinto /etc", "doins files/bosun/etc/a files/bosun/etc/d", "insinto /etc/b", "doins files/bosun/etc/b/c",
			}},
		{"several lines where one would be too wide", []packaging.File{text(long+"1", "x"), text(long+"2", "x")},
			[]string{"insinto /etc/ship", "doins \\", "\tfiles/bosun" + long + "1 \\", "\tfiles/bosun" + long + "2"}},
		{"each link by itself", []packaging.File{
			{Path: "/usr/bin/a", Kind: packaging.Link, Target: "b"}, {Path: "/usr/bin/c", Kind: packaging.Link, Target: "d"},
		}, []string{"dosym b /usr/bin/a", "dosym d /usr/bin/c"}},
		{"each program with a new name by itself", []packaging.File{
			{Path: "/usr/bin/a", Source: "/built/b"}, {Path: "/usr/bin/c", Source: "/built/d"}, program("/usr/bin/e"),
			program("/usr/bin/f"),
		}, []string{"newbin bin/b a", "newbin bin/d c", "dobin bin/e bin/f"}},
		{"programs first, folders last", []packaging.File{
			{Path: "/etc/a", Kind: packaging.Folder}, text("/etc/b", "x"), text("/etc/conf.d/c", "x"),
			text("/usr/share/man/man1/d.1", "x"), program("/usr/bin/e"),
		}, []string{
			"dobin bin/e", "doman files/bosun/usr/share/man/man1/d.1", "insinto /etc", "doins files/bosun/etc/b",
			"doconfd files/bosun/etc/conf.d/c", "keepdir /etc/a",
		}},
	} {
		in, err := Fork{}.install(packaging.Package{Name: "bosun", Files: c.files})
		if got := script(in.commands); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: script() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// TestInstallNotes has what a file needs besides its line.
func TestInstallNotes(t *testing.T) {
	for path, want := range map[string]installation{
		"/usr/lib/systemd/system/a.service":           {units: true},
		"/usr/lib/tmpfiles.d/a.conf":                  {tmp: []string{"a.conf"}},
		"/usr/share/bash-completion/completions/a":    {shell: true},
		"/usr/share/fish/vendor_completions.d/a.fish": {shell: true},
		"/usr/share/zsh/site-functions/_a":            {shell: true},
		"/usr/share/doc/a":                            {},
		"/etc/init.d/a":                               {},
		"/etc/conf.d/a":                               {},
	} {
		var in installation
		in.command(text(path, ""))
		if in.units != want.units || in.shell != want.shell || !slices.Equal(in.tmp, want.tmp) {
			t.Errorf("%s: %+v, want %+v", path, in, want)
		}
	}
}

// TestUnpacked has what the distfile named files holds of small forks.
func TestUnpacked(t *testing.T) {
	sums := func(lines ...string) string { return strings.Join(lines, "") }
	for _, c := range []struct {
		name string
		fork Fork
		want map[string]string
	}{
		{"nothing but the sums", Fork{}, map[string]string{"files/series.sha256": ""}},
		{"the sums are sorted by name", Fork{Touched: map[string]string{"b/c": "11", "a": "22", "b": "33"}},
			map[string]string{"files/series.sha256": sums("22  a\n", "33  b\n", "11  b/c\n")}},
		{"edits", Fork{Edits: map[string][]byte{"go.mod": []byte("module ship\n")}},
			map[string]string{"files/series.sha256": "", "files/tree/go.mod": "module ship\n"}},
		{"a folder for each package", Fork{Packages: []packaging.Package{
			{Name: "a", Files: []packaging.File{text("/etc/x", "1"), program("/usr/bin/x")}},
			{Name: "b", Files: []packaging.File{text("/etc/x", "2")}},
		}}, map[string]string{"files/series.sha256": "", "files/a/etc/x": "1", "files/b/etc/x": "2"}},
	} {
		got := map[string]string{}
		files, err := c.fork.Unpacked()
		for name, data := range files {
			got[name] = string(data)
		}
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: Unpacked() = %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	page := text("/usr/share/man/man1/a.1.gz", "")
	broken := Fork{Packages: []packaging.Package{{Name: "a", Files: []packaging.File{page}}}}
	if _, err := broken.Unpacked(); errorText(err) != "package a: /usr/share/man/man1/a.1.gz: EOF" {
		t.Errorf("Unpacked() of a broken page = %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	const kib = 1 << 10
	for _, c := range []struct {
		name  string
		sizes []int
		want  bool
	}{
		{"no patches", nil, false},
		{"small ones", []int{100, 200}, false},
		{"one as large as can be", []int{20 * kib}, false},
		{"one too large", []int{20*kib + 1}, true},
		{"as many as can be", []int{20 * kib, 20 * kib, 10 * kib}, false},
		{"too many", []int{20 * kib, 20 * kib, 10*kib + 1}, true},
	} {
		var f Fork
		for i, size := range c.sizes {
			f.Series = append(f.Series, Patch{Name: string(rune('a'+i)) + ".patch", Data: make([]byte, size)})
		}
		got := f.TooLarge()
		if (got != nil) != c.want {
			t.Errorf("%s: TooLarge() has %d files", c.name, len(got))
		}
		for _, p := range f.Series {
			if c.want && len(got["patches/"+p.Name]) != len(p.Data) {
				t.Errorf("%s: TooLarge() has %d bytes of %s", c.name, len(got["patches/"+p.Name]), p.Name)
			}
		}
	}
}
