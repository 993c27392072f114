package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/packaging"
)

// names are names of files that some language would read in its own way.
var names = []string{
	"plain", " begins with a blank", "a  b", "$HOME", "${HOME}", "$(id)", "`id`", "it's", `"aye"`, `a\x2db`, `\`,
	`a\040b`,
	"*", "[a-c]?", "~", "-rf", "#a", "!a", "a=b", "a:b", "%{nil}", "%%", "käse", "日本",
	"a obsolete", "remove-on-upgrade",
	"a\u00a0b", ".a", "..a", "a,b|c;d&e<f>g", strings.Repeat("long", 60),
}

// named is a package with files, configuration files and links of these names.
func named(t *testing.T) packaging.Package {
	p := sample(t, t.TempDir())
	p.Name, p.Files, p.Retired, p.Restart, p.State = "names", nil, nil, nil, nil
	p.Relations, p.Platform.Arch, p.Compression = packaging.Relations{}, "", "gzip:9"
	for _, n := range names {
		p.Files = append(p.Files,
			packaging.File{Path: "/etc/names/" + n, Kind: packaging.Config, Mode: 0o644, Data: []byte(n)},
			packaging.File{Path: "/usr/share/names/" + n + "/" + n, Mode: 0o644, Data: []byte(n)},
			packaging.File{Path: "/usr/share/names/links/" + n, Kind: packaging.Link, Mode: 0o777, Target: "../" + n + "/" + n})
	}
	slices.SortFunc(p.Files, func(a, b packaging.File) int { return strings.Compare(a.Path, b.Path) })
	return p
}

// TestNames has the tools of each distribution install files with such names, verify
// them, keep the operator's changes, and remove them.
func TestNames(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("packages are installed by root")
	}
	for format, script := range map[string]string{
		"deb": `db=root/var/lib/dpkg; mkdir -p $db/info $db/updates; : >$db/status; d="dpkg --root=$PWD/root --log=/dev/null"
$d -i "$0"; test -z "$($d --verify names)"
test "$(dpkg-query --admindir=$db -W -f '${Conffiles}' names | grep -c .)" = "$COUNT"
echo changed >'root/etc/names/$(id)'; $d --force-confold -i "$0"; test "$(cat 'root/etc/names/$(id)')" = changed
check
$d --purge names; test -z "$(find root/usr root/etc -type f)"`,
		"rpm": `r="rpm --root $PWD/root"; mkdir root; i="$r -U --nodeps --noscripts --nosignature"
$i "$0"; test -z "$($r -V --nodeps names)"
echo changed >'root/etc/names/$(id)'; $i --force "$0"; test "$(cat 'root/etc/names/$(id)')" = changed; check
$r -e --noscripts names; test "$(find root/usr root/etc ! -type d)" = 'root/etc/names/$(id).rpmsave'
mkdir cpio; cd cpio; rpm2cpio "$0" | cpio -idm --quiet; cd ..; mv root other; mv cpio root; check`,
	} {
		t.Run(format, func(t *testing.T) {
			for _, tool := range map[string][]string{"deb": {"dpkg"}, "rpm": {"rpm", "rpm2cpio", "cpio"}}[format] {
				testkit.Need(t, tool)
			}
			dir := t.TempDir()
			at := filepath.Join(dir, "names."+format)
			f, err := os.Create(at)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := writers[format](named(t), f, t.TempDir()); err != nil {
				t.Fatal(err)
			}
			// A file has its own name as its content.
			const check = `check() {
	find root/usr/share/names root/etc/names ! -type d ! -name '$(id)' -exec sh -ec 'for f; do
		test "$(cat "$f")" = "${f##*/}"; echo .; done' sh {} + >found; test "$(grep -c . found)" = "$((COUNT * 3 - 3))"
}
`
			cmd := exec.Command("sh", "-exc", check+script, at)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8", "COUNT="+strconv.Itoa(len(names)))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
