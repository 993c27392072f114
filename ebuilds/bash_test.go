package ebuilds

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// values are texts that bash would read otherwise, or a program take for an option.
var values = []string{
	"a b", " a  b ", "$HOME", "${P}", "$(id)", "`id`", `a"b`, "it's", `back\slash\`, "*.go", "{a,b}", "~", "#", "!",
	"a;b|c&d", "<a>(b)", "Käpt'n", "use mate", "ego mod", "%n", "-r", "a=b", "[x]",
}

// readByBash returns what bash finds in an ebuild: its variables, and the arguments
// of what its phases call.
func readByBash(t *testing.T, ebuild string) ([]string, error) {
	t.Helper()
	const stubs = `
say() { printf '%s\0' "$@"; }
inherit() { :; }
use() { :; }
cd() { :; }
usex() { echo "$2"; }
for f in insinto exeinto dobin doins doexe newexe dosym keepdir systemd_dounit dotmpfiles doinitd doconfd dobashcomp \
	tmpfiles_process optfeature elog eapply ego sha256sum eapply_user; do
	eval "$f() { say $f \"\$@\"; }"
done
PV=PV P=P PN=PN PF=PF WORKDIR=WORKDIR FILESDIR=FILESDIR
`
	const calls = `
say "$DESCRIPTION" "$HOMEPAGE" $SRC_URI
src_prepare
src_compile
src_install
pkg_postinst
`
	cmd := exec.Command("bash", "-f", "-c", stubs+ebuild+calls)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	return split(string(out)), err
}

// oddFork is ship with a text in all that an ebuild takes from elsewhere.
func oddFork(value string) Fork {
	f := shipFork()
	f.Summary, f.Homepage, f.BaseURL = value, "https://example.org/"+value, "https://example.org/d"
	f.Series[0].Name = value + ".patch"
	f.Build.Flags = []string{value, "-ldflags=-s " + value + " -w", "-tags=a," + value}
	f.PIE, f.Copyright, f.Notice = true, value, value
	f.Project.Features = []Feature{{Package: "bosun", For: value, Any: []string{"app-misc/rum"}}}
	f.Project.Notes = map[string][]string{"bosun": {value}}
	f.Build.Components[0].Main = "./cmd/x" + value
	f.Packages[0].Files = append(f.Packages[0].Files,
		text("/etc/x"+value, "x"), text("/etc/x"+value+"/y", "x"),
		packaging.File{Path: "/etc/k" + value, Kind: packaging.Folder},
		packaging.File{Path: "/etc/l" + value, Kind: packaging.Link, Target: "t" + value},
		text(tmpfilesDir+"/x"+value+".conf", "x"))
	return f
}

// checkOdd compares an ebuild with what bash reads of it.
func checkOdd(t *testing.T, value string) {
	t.Helper()
	f := oddFork(value)
	p, err := f.page()
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	ebuild, err := f.source(p)
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	got, err := readByBash(t, string(ebuild))
	if err != nil {
		t.Errorf("%q: bash: %v\n%q\n%s", value, err, got, ebuild)
	}
	joined := "\x00" + strings.Join(got, "\x00") + "\x00"
	for _, want := range [][]string{
		{value, "https://example.org/" + value},
		{"eapply", "-p1", "-F0", "--", "FILESDIR/P-" + value + ".patch"},
		{"ego", "build", "-buildmode=pie", value, "-ldflags=-s " + value + " -w", "-tags=a," + value,
			"-o", "WORKDIR/bin/bosun", "./cmd/x" + value},
		{"insinto", "/etc", "doins", "files/bosun/etc/x" + value},
		{"insinto", "/etc/x" + value, "doins", "files/bosun/etc/x" + value + "/y"},
		{"optfeature", value, "app-misc/rum"}, {"elog", value},
		{"keepdir", "/etc/k" + value}, {"dosym", "t" + value, "/etc/l" + value},
		{"dotmpfiles", "files/bosun" + tmpfilesDir + "/bosun.conf", "files/bosun" + tmpfilesDir + "/x" + value + ".conf"},
		{"tmpfiles_process", "x" + value + ".conf"},
	} {
		if !strings.Contains(joined, "\x00"+strings.Join(want, "\x00")+"\x00") {
			t.Errorf("%q: bash does not read %q in\n%q", value, want, got)
		}
	}
}

func TestBashReadsValues(t *testing.T) {
	testkit.Need(t, "bash")
	for _, value := range values {
		checkOdd(t, value)
	}
}

// FuzzBashReadsValues has bash read an ebuild with any text in it.
func FuzzBashReadsValues(f *testing.F) {
	testkit.Need(f, "bash")
	for _, value := range values {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) || strings.Contains(value, "/") {
			t.Skip("no name of a file that an ebuild takes")
		}
		checkOdd(t, value)
	})
}

// TestNamesThatAreRefused has names of files that an ebuild cannot install.
func TestNamesThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		file packaging.File
		want string
	}{
		{text("/etc/a\nb", ""), `"/etc/a\nb": an ebuild cannot install a name with control characters`},
		{packaging.File{Path: "/etc/a", Kind: packaging.Link, Target: "\tb"},
			`"/etc/a": an ebuild cannot install a name with control characters`},
		{program("/usr/bin/the bosun"), `"/usr/bin/the bosun": an ebuild cannot list a program with white space in its name`},
		{text("/etc/-r", ""), `"/etc/-r": an ebuild would take a name that starts with a dash for an option`},
		{text("/etc/a b", ""), ""},
	} {
		if got := errorText(Check(packaging.Package{Files: []packaging.File{c.file}})); got != c.want {
			t.Errorf("%q: %q, want %q", c.file.Path, got, c.want)
		}
	}
}

// TestSumLines has sha256sum read the names of patched files.
func TestSumLines(t *testing.T) {
	testkit.Need(t, "sha256sum")
	for _, name := range append(slices.Clone(values), "a\nb", `a\nb`, "*a") {
		cmd := exec.Command("sh", "-c", `printf %s x >"./$1" && sha256sum --quiet -c -`, "sh", name)
		cmd.Dir = t.TempDir()
		cmd.Stdin = strings.NewReader(sumLine("2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", name))
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(name, "/") {
			t.Errorf("%q: %v\n%s", name, err, out)
		}
	}
}
