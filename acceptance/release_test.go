//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/signtest"
)

// TestRelease releases the sample fork in every form, signed, and has the tools of others
// verify it; then it is made again by other machines.
func TestRelease(t *testing.T) {
	for _, tool := range []string{"sha256sum", "sha512sum", "gpg", "gpgv", "sqv", "rpm", "dpkg-deb", "zstd", "unshare",
		"docker-registry", "skopeo"} {
		testkit.Need(t, tool)
	}
	h, p := newHarbour(t), newPublisher(t)
	h.run("release", p.secret())
	r := openRelease(t, h.release(), p)
	h.run("release:verify", r.dir, p.public())
	t.Run("sums", r.sums)
	t.Run("OpenPGP", r.gnupg)
	t.Run("rpms", r.rpms)
	t.Run("debs", r.debs)
	t.Run("cosign", r.cosign)
	t.Run("registry", func(t *testing.T) { r.pushed(h.with(t)) })
	t.Run("SBOMs", r.bills)
	t.Run("VEX", r.vex)
	t.Run("shards", func(t *testing.T) { merged(h.with(t), r) })
	t.Run("rebuild", func(t *testing.T) { rebuilt(h.with(t), r) })
	t.Run("differences", func(t *testing.T) { explained(h.with(t).other()) })
}

// A released is a release in a folder, and who signed it.
type released struct {
	publisher
	dir    string
	record artifact.Release
}

func openRelease(t *testing.T, dir string, p publisher) released {
	t.Helper()
	record, err := artifact.ReadRelease(dir)
	if err != nil {
		t.Fatal(err)
	}
	return released{p, dir, record}
}

func (r released) at(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

// files returns the files of the release that match a pattern, as at names them. There
// have to be some.
func (r released) files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(r.at(pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	return found
}

// sums checks the sums as everybody does, and that they are of every file but the
// signatures, which are made after them, and the page.
func (r released) sums(t *testing.T) {
	var want []string
	for _, f := range scan(t, r.dir) {
		if !strings.HasPrefix(f.Path, "SHA") && !strings.HasSuffix(f.Path, bundled) && f.Path != "index.html" {
			want = append(want, f.Path)
		}
	}
	slices.Sort(want)
	for tool, file := range map[string]string{"sha256sum": "SHA256SUMS", "sha512sum": "SHA512SUMS"} {
		mustRun(t, r.dir, tool, "--quiet", "--strict", "-c", file)
		var got []string
		for line := range strings.Lines(read(t, r.at(file))) {
			_, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
			got = append(got, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is of\n%s\nwant\n%s", file, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func scan(t *testing.T, dir string) filetree.Tree {
	t.Helper()
	d, err := filetree.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return d.Tree
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// merged has two machines make the shards that the matrix names, and a third one a release
// of them: the same bytes as on one machine, but for the page, which has its times.
func merged(h harbour, r released) {
	t := h.t
	jobs := h.run("release:matrix", "-format=github")
	third, made := h.other(), t.TempDir()
	var folders []string
	for _, shard := range []string{"ship-1.4.linux-arm64", "ship-1.4.linux-amd64"} {
		says(t, "the matrix", jobs, `"`+shard+`"`)
		machine := h.other()
		machine.run("release:shard", shard)
		folders = append(folders, filepath.Join(made, shard))
		mustRun(t, "", "cp", "-r", machine.at("dist/shards/"+shard), made)
	}
	third.fails([]string{"release:merge", folders[0], r.secret()}, "ship-1.4.linux-amd64 is missing")
	if _, err := os.Stat(third.release()); err == nil {
		t.Error("a release of half of the shards was made")
	}
	third.run("release:merge", made, r.secret())
	if differ := but(scan(t, third.release()).Differ(scan(t, r.dir)), "index.html"); len(differ) > 0 {
		t.Errorf("merged, these files are others: %s", strings.Join(differ, " "))
	}
}

// but returns a list without a name that may be in it.
func but(list []string, name string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == name })
}

// rebuilt has somebody else build the release again, and say so.
func rebuilt(h harbour, r released) {
	t := h.t
	mate, others := signtest.PEM(t), h.other()
	says(t, "the rebuild", others.run("release:reproduce", "-from="+r.dir, "-attest", "-key="+mate.Secret),
		"other     folder: ", "other     user: 4711", "other     umask: 0077", "other     locale: tr_TR.UTF-8",
		"other     time zone: Pacific/Chatham", "other     build cache: ", "artifacts, byte for byte")
	statement := "-rebuilds=" + others.at("dist/ship-1.4/reproduce/rebuild.sigstore.json")
	verify := func(rebuilders string, others ...string) []string {
		return []string{"release:verify", r.dir, r.public(), statement, "-rebuilders=" + rebuilders,
			"-others=" + strings.Join(others, ",")}
	}
	h.run(verify("1", mate.Public)...)
	h.fails(verify("2", mate.Public), "1 others say that they rebuilt the release, and 2 are wanted")
	h.fails(verify("1", r.sigstore.Public), "does not count", "0 others say")
}
