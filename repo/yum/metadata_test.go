package yum

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/release/sign"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/release/vex"
	"github.com/slipway-build/slipway/repo/tree"
)

// fleet is a repository of two packages, of which one fixes a vulnerability.
func fleet(t *testing.T) Repository {
	t.Helper()
	dir := t.TempDir()
	by := signer(t, signtest.OpenPGP(t, "captain"))
	r := Repository{Name: "ship-1.36", URL: "https://packages.example.org/", Time: signtest.Release}
	for _, v := range []string{"1.36.1", "1.36.2+acme.1"} {
		r.Packages = append(r.Packages, signed(t, by, write(t, dir, captain(t, v))))
	}
	a, err := FromUpdate(updateOf(r.Packages[1]), r.Packages)
	if err != nil {
		t.Fatal(err)
	}
	r.Advisories = []Advisory{a}
	return r
}

// updateOf is the update that a package is.
func updateOf(p Package) vex.Update {
	return vex.Update{ID: "ship-1.36.2+acme.1-1", Type: "security", Title: "Security update", Description: "a <b> & c",
		From: "Mate <mate@example.org>", Issued: "2026-02-02T03:04:05Z",
		References: []vex.Reference{{ID: "CVE-2026-0001", Type: "cve", URL: "https://example.org/?a&b"}},
		Packages:   []vex.NEVRA{{File: "rpm/linux_amd64/" + p.FileName(), Digest: "sha256:" + p.SHA256}}}
}

func metadata(t *testing.T, r Repository, by *sign.Signer) ([]tree.File, string) {
	t.Helper()
	files, revision, err := Metadata(context.Background(), r, by)
	if err != nil {
		t.Fatal(err)
	}
	return files, revision
}

func TestLayout(t *testing.T) {
	key := signtest.OpenPGP(t, "captain")
	files, revision := metadata(t, fleet(t), signer(t, key))
	var got []string
	for _, f := range files {
		name := strings.ReplaceAll(f.Path, revision, "REVISION")
		if sum, kind, ok := strings.Cut(filepath.Base(name), "-"); ok && len(sum) == 64 {
			name = strings.ReplaceAll(name, sum, "SUM")
			if sum != f.SHA256 {
				t.Errorf("%s of %s is %s", f.Path, kind, f.SHA256)
			}
		}
		alias := ""
		if f.Alias != "" {
			alias = " = " + filepath.Base(filepath.Dir(filepath.Dir(strings.ReplaceAll(f.Alias, revision, "REVISION"))))
		}
		got = append(got, string(f.Class)+" "+name+alias)
	}
	slices.Sort(got)
	want := []string{
		"commit rpm/ship-1.36/mirrorlist",
		"content rpm/ship-1.36/REVISION/repodata/SUM-filelists.xml.gz",
		"content rpm/ship-1.36/REVISION/repodata/SUM-other.xml.gz",
		"content rpm/ship-1.36/REVISION/repodata/SUM-primary.xml.gz",
		"content rpm/ship-1.36/REVISION/repodata/SUM-updateinfo.xml.gz",
		"content rpm/ship-1.36/REVISION/repodata/repomd.xml",
		"content rpm/ship-1.36/REVISION/repodata/repomd.xml.asc",
		"content rpm/ship-1.36/latest/repodata/SUM-filelists.xml.gz = REVISION",
		"content rpm/ship-1.36/latest/repodata/SUM-other.xml.gz = REVISION",
		"content rpm/ship-1.36/latest/repodata/SUM-primary.xml.gz = REVISION",
		"content rpm/ship-1.36/latest/repodata/SUM-updateinfo.xml.gz = REVISION",
		"index rpm/ship-1.36/latest/repodata/repomd.xml = REVISION",
		"index rpm/ship-1.36/latest/repodata/repomd.xml.asc = REVISION",
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the files are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	list := string(one(t, files, "rpm/*/mirrorlist").Data)
	if list != "https://packages.example.org/rpm/ship-1.36/"+revision+"/\n" {
		t.Errorf("the mirrorlist is %q", list)
	}
	at := "rpm/ship-1.36/" + revision + "/repodata/repomd.xml"
	by, err := signer(t, key).Verifier().VerifyDetached(at, one(t, files, at).Data, one(t, files, at+".asc").Data)
	if err != nil || by.Fingerprint != key.Fingerprint {
		t.Errorf("it is signed by %v, %v", by, err)
	}
}

// TestSame holds that the same input makes the same bytes, in whatever order it is given, and
// that each other input makes another revision.
func TestSame(t *testing.T) {
	by := signer(t, signtest.OpenPGP(t, "captain"))
	r := fleet(t)
	want, revision := metadata(t, r, by)
	again := r
	again.Packages = slices.Concat(r.Packages[1:], r.Packages)
	again.Advisories = slices.Concat(r.Advisories, r.Advisories)
	if got, name := metadata(t, again, by); name != revision || !reflect.DeepEqual(got, want) {
		t.Errorf("in another order the revision is %s, want %s", name, revision)
	}
	had := map[string]string{revision: "the first"}
	bosun := signtest.OpenPGP(t, "bosun")
	for name, change := range map[string]func(*Repository, **sign.Signer){
		"no signature":      func(_ *Repository, by **sign.Signer) { *by = nil },
		"another signature": func(_ *Repository, by **sign.Signer) { *by = signer(t, bosun) },
		"two signatures":    func(_ *Repository, by **sign.Signer) { *by = signer(t, signtest.OpenPGP(t, "captain"), bosun) },
		"another time":      func(r *Repository, _ **sign.Signer) { r.Time = r.Time.Add(time.Second) },
		"zstd":              func(r *Repository, _ **sign.Signer) { r.Zstd = true },
		"fewer":             func(r *Repository, _ **sign.Signer) { r.Packages = r.Packages[1:] },
		"no advisories":     func(r *Repository, _ **sign.Signer) { r.Advisories = nil },
	} {
		other, signer := r, by
		change(&other, &signer)
		_, got := metadata(t, other, signer)
		if had[got] != "" {
			t.Errorf("%s and %s are both the revision %s", name, had[got], got)
		}
		had[got] = name
	}
}

func TestMetadataRefuses(t *testing.T) {
	by := signer(t, signtest.OpenPGP(t, "captain"))
	unsigned := read(t, write(t, t.TempDir(), captain(t, "1.36.3")))
	for _, c := range []struct {
		name   string
		change func(*Repository)
		want   string
	}{
		{"no name", func(r *Repository) { r.Name = "" }, `yum repository "": want the name of a folder`},
		{"a path", func(r *Repository) { r.Name = "../x" }, `yum repository "../x": want the name of a folder`},
		{"the name of the pool", func(r *Repository) { r.Name = "packages" }, "the folder rpm/packages has all packages"},
		{"no time", func(r *Repository) { r.Time = time.Time{} }, "yum repository ship-1.36: it has no time"},
		{"no URL", func(r *Repository) { r.URL = "" }, "yum repository ship-1.36: it has no URL"},
		{"unsigned", func(r *Repository) { r.Packages = append(r.Packages, unsigned) },
			"captain-1.36.3-1.x86_64.rpm has no signature"},
		{"an advisory of two kinds", func(r *Repository) {
			other := r.Advisories[0]
			other.Title = "Another"
			r.Advisories = append(r.Advisories, other)
		}, "two different advisories with the ID ship-1.36.2+acme.1-1"},
	} {
		r := fleet(t)
		c.change(&r)
		if _, _, err := Metadata(context.Background(), r, by); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %s", c.name, err, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	a := Package{Name: "captain", Epoch: "0", Version: "1.36.1", Release: "1", Architecture: "x86_64", SHA256: "aa",
		Path: "rpm/packages/aa"}
	other, arm, signed := a, a, a
	other.SHA256, other.Path, other.Signer = "bb", "rpm/packages/bb", "KEY"
	arm.Architecture = "aarch64"
	signed.Signer = "KEY"
	for _, c := range []struct {
		name            string
		packages        []Package
		signed          bool
		clash, unsigned bool
	}{
		{"none", nil, true, false, false},
		{"the same twice", []Package{a, a}, false, false, false},
		{"another architecture", []Package{a, arm}, false, false, false},
		{"another content", []Package{signed, other}, true, true, false},
		{"unsigned", []Package{signed, arm}, true, false, true},
		{"both", []Package{a, other}, true, true, true},
		{"unsigned in an unsigned repository", []Package{a}, false, false, false},
	} {
		err := Check("ship", c.packages, c.signed)
		var clash *ClashError
		var unsigned *UnsignedError
		if errors.As(err, &clash) != c.clash || errors.As(err, &unsigned) != c.unsigned {
			t.Errorf("%s: the error is %v", c.name, err)
		}
		if c.clash && (clash.A.SHA256 != "aa" || clash.B.SHA256 != "bb") {
			t.Errorf("%s: it is about %v", c.name, clash)
		}
	}
}

func TestFromUpdate(t *testing.T) {
	p := read(t, write(t, t.TempDir(), captain(t, "1.36.2")))
	for _, c := range []struct {
		name   string
		change func(*vex.Update)
		want   string
	}{
		{"as it is", func(*vex.Update) {}, ""},
		{"another digest", func(u *vex.Update) { u.Packages[0].Digest = "sha256:aa" }, "is not an rpm of the release"},
		{"another file", func(u *vex.Update) { u.Packages[0].File = "rpm/bosun.rpm" },
			"is the rpm captain-1.36.2-1.x86_64.rpm"},
		{"no time", func(u *vex.Update) { u.Issued = "yesterday" }, `issued at "yesterday"`},
		{"no text", func(u *vex.Update) { u.Description = "a\x01" }, "control character"},
	} {
		u := updateOf(p)
		c.change(&u)
		a, err := FromUpdate(u, []Package{p})
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: the error is %v, want %s", c.name, err, c.want)
		case c.want == "" && (err != nil || a.Packages[0].SHA256 != p.SHA256 || a.Packages[0].Version != "1.36.2"):
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
	}
}
