package ebuilds

import (
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
)

func TestEbuilds(t *testing.T) {
	tree := Tree{
		"b-b/b/b-1.ebuild": nil, "a-a/a/a-2.ebuild": nil, "a-a/a/a-1.ebuild": nil, "a-a/a/Manifest": nil, "README.md": nil,
	}
	want := []string{"a-a/a/a-1.ebuild", "a-a/a/a-2.ebuild", "b-b/b/b-1.ebuild"}
	if got := tree.Ebuilds(); !slices.Equal(got, want) {
		t.Errorf("Ebuilds() = %q, want %q", got, want)
	}
}

func TestUncache(t *testing.T) {
	tree := Tree{"metadata/md5-cache/a-a/a-1": nil, "metadata/layout.conf": nil, "a-a/a/a-1.ebuild": nil}
	tree.Uncache()
	if want := []string{"a-a/a/a-1.ebuild", "metadata/layout.conf"}; !slices.Equal(sortedKeys(tree), want) {
		t.Errorf("Uncache() leaves %q, want %q", sortedKeys(tree), want)
	}
}

// TestCache has what the script prints of an ebuild, and the entry that it makes.
func TestCache(t *testing.T) {
	const ebuild = "EAPI=8\n"
	sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	md5Line := "_md5_=" + sum(ebuild) + "\n"
	for _, c := range []struct{ name, printed, want string }{
		{"without eclasses", "a-a/a/a-1.ebuild\nEAPI=8\nSLOT=0\n\n", "EAPI=8\nSLOT=0\n" + md5Line},
		{"an eclass", "a-a/a/a-1.ebuild\nEAPI=8\nINHERITED=systemd\n\n",
			"EAPI=8\n_eclasses_=systemd\t" + sum("of systemd") + "\n" + md5Line},
		{"eclasses are sorted", "a-a/a/a-1.ebuild\nEAPI=8\nINHERITED=tmpfiles systemd\n\n",
			"EAPI=8\n_eclasses_=systemd\t" + sum("of systemd") + "\ttmpfiles\t" + sum("of tmpfiles") + "\n" + md5Line},
		{"INHERIT is another variable", "a-a/a/a-1.ebuild\nEAPI=8\nINHERIT=systemd\nINHERITED=systemd\n\n",
			"EAPI=8\nINHERIT=systemd\n_eclasses_=systemd\t" + sum("of systemd") + "\n" + md5Line},
	} {
		tree := Tree{"a-a/a/a-1.ebuild": []byte(ebuild)}
		err := tree.Cache(c.printed, func(name string) ([]byte, error) { return []byte("of " + name), nil })
		if got := string(tree["metadata/md5-cache/a-a/a-1"]); err != nil || got != c.want {
			t.Errorf("%s: Cache() = %v\n%s\nwant\n%s", c.name, err, got, c.want)
		}
	}
}

func TestCacheFails(t *testing.T) {
	gone := errors.New("gone")
	tree := Tree{"a-a/a/a-1.ebuild": nil}
	err := tree.Cache("a-a/a/a-1.ebuild\nINHERITED=systemd\n", func(string) ([]byte, error) { return nil, gone })
	if !errors.Is(err, gone) {
		t.Errorf("Cache() without an eclass = %v", err)
	}
	err = tree.Cache("a-a/a/a-2.ebuild\nEAPI=8\n", nil)
	if want := "a-a/a/a-2.ebuild is not an ebuild of the overlay"; errorText(err) != want {
		t.Errorf("Cache() of another ebuild = %v, want %s", err, want)
	}
}

// TestMetadataScript reads an ebuild and an eclass that adds to its variables.
func TestMetadataScript(t *testing.T) {
	testkit.Need(t, "bash")
	dir := t.TempDir()
	for name, data := range map[string]string{
		"eclass/knot.eclass":     "IUSE=tight\nRDEPEND=a-a/rope\nEXPORT_FUNCTIONS src_install\nknot_src_install() { :; }\n",
		"a-a/ship/ship-1.ebuild": "EAPI=8\ninherit knot\nDESCRIPTION=\"P is $P of $CATEGORY\"\nIUSE=\"+loud\"\nSLOT=0\n",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(ebuild string) (string, error) {
		cmd := exec.Command("bash", "-c", MetadataScript, "metadata.bash", filepath.Join(dir, "eclass"), ebuild)
		cmd.Dir = dir
		out, err := cmd.Output()
		return string(out), err
	}
	want := "a-a/ship/ship-1.ebuild\nDEFINED_PHASES=install\nDESCRIPTION=P is ship-1 of a-a\nEAPI=8\nINHERIT=knot\n" +
		"IUSE=+loud tight\nRDEPEND=a-a/rope\nSLOT=0\nINHERITED=knot\n\n"
	if got, err := run("a-a/ship/ship-1.ebuild"); err != nil || got != want {
		t.Errorf("the script prints %v\n%s\nwant\n%s", err, got, want)
	}
	if got, err := run("a-a/ship/ship-2.ebuild"); err == nil {
		t.Errorf("the script prints of no ebuild\n%s", got)
	}
}
