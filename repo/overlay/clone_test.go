package overlay

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/release/sign/signtest"
	"github.com/slipway-build/slipway/repo/tree"
)

func TestClone(t *testing.T) {
	s, r := serve(t), open(t)
	s.update(r, stable(0, ship(t, "1.4.1_p1")))
	dir := s.clone()
	git(t, dir, "fsck", "--strict")
	for n, releases := range [][]Release{
		{ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")}, {ship(t, "1.4.1_p1")}, {ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")},
	} {
		s.update(r, stable(n+1, releases...))
		git(t, dir, "pull", "-q", "--ff-only")
		if got, want := git(t, dir, "rev-parse", "HEAD"), git(t, r.Dir, "rev-parse", "stable"); got != want {
			t.Errorf("%d: the clone is at %s, want %s", n, got, want)
		}
		_, err := os.Stat(filepath.Join(dir, "app-misc/ship/ship-1.4.2_p1.ebuild"))
		if has := err == nil; has != (len(releases) == 2) {
			t.Errorf("%d: the clone has the second ebuild: %v", n, has)
		}
	}
	// What is published is a repository of its own, for whoever copies it.
	git(t, t.TempDir(), "clone", "-q", filepath.Join(s.root, Dir), "copy")
}

// TestCloneMeanwhile publishes a change file by file: after each, all that readers find is the
// old state or the new one.
func TestCloneMeanwhile(t *testing.T) {
	s, r := serve(t), open(t)
	s.update(r, stable(0, ship(t, "1.4.1_p1")))
	pulling, old := s.clone(), git(t, r.Dir, "rev-parse", "stable")
	commit(t, r, stable(1, ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")))
	fresh := git(t, r.Dir, "rev-parse", "stable")
	news := 0
	for _, f := range files(t, r) {
		s.put(f)
		at := git(t, s.clone(), "rev-parse", "HEAD")
		if at != old && at != fresh {
			t.Errorf("after %s a clone is at %s, want %s or %s", f.Path, at, old, fresh)
		}
		if at == fresh {
			news++
		}
		git(t, pulling, "pull", "-q", "--ff-only")
	}
	if news == 0 {
		t.Error("the change is never seen")
	}
}

// TestUpdateMeanwhile publishes a change at each request of a clone, a change that leaves one
// pack of all.
func TestUpdateMeanwhile(t *testing.T) {
	r := open(t)
	commit(t, r, stable(0, ship(t, "1.4.1_p1")))
	commit(t, r, stable(1, ship(t, "1.4.1_p1"), ship(t, "1.4.2_p1")))
	old := loaded(t, files(t, r))
	r.mostPacks = 1
	commit(t, r, stable(2, ship(t, "1.4.2_p1")))
	fresh := loaded(t, files(t, r))
	const most = 50
	for stop := range most {
		s, requests := serve(t), 0
		s.put(old...)
		s.before = func() {
			if requests == stop {
				s.put(fresh...)
			}
			requests++
		}
		git(t, s.clone(), "fsck", "--strict")
		if stop >= requests {
			if stop < 5 {
				t.Errorf("a clone has only %d requests", requests)
			}
			return
		}
	}
	t.Errorf("a clone has %d requests", most)
}

// loaded returns files with their content, which stays when a repository drops them.
func loaded(t *testing.T, files []tree.File) []tree.File {
	t.Helper()
	for i, f := range files {
		if f.From == "" {
			continue
		}
		data, err := os.ReadFile(f.From)
		if err != nil {
			t.Fatal(err)
		}
		files[i].Data, files[i].From = data, ""
	}
	return files
}

// packs returns the packs of a repository.
func packs(t *testing.T, r Repository) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(r.Dir, "objects/pack/*.pack"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPacksStayFew(t *testing.T) {
	s, r := serve(t), open(t)
	r.mostPacks = 3
	s.update(r, stable(0, ship(t, "1.4.0_p1")))
	dir := s.clone()
	for n, want := range []int{2, 3, 1, 2, 3} {
		s.update(r, stable(n+1, ship(t, fmt.Sprintf("1.4.%d_p1", n+1))))
		if got := len(packs(t, r)); got != want {
			t.Errorf("after %d updates there are %d packs, want %d", n+1, got, want)
		}
	}
	git(t, dir, "pull", "-q", "--ff-only")
	git(t, s.clone(), "fsck", "--strict")
}

func TestSignedByGit(t *testing.T) {
	testkit.Need(t, "gpg")
	s, r := serve(t), open(t)
	u := stable(0, ship(t, "1.4.1_p1"))
	u.Signer = signer(t, "mate", "bosun") // whose second key nobody knows yet
	s.update(r, u)
	dir := s.clone()
	env := gnupg(t, signtest.OpenPGP(t, "mate").Public)
	for _, args := range [][]string{
		{"git", "verify-commit", "HEAD", "HEAD^"},
		{"gpg", "--batch", "--verify", "Manifest"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(testkit.GitEnv(dir), env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "Manifest"))
	if err != nil {
		t.Fatal(err)
	}
	if _, by, err := u.Signer.First().Verifier().VerifyClear("Manifest", text); err != nil || by.Name == "" {
		t.Errorf("the Manifest is signed by %v, %v", by, err)
	}
	if faults := unlisted(t, dir); len(faults) > 0 {
		t.Errorf("the Manifest does not list %q", faults)
	}
}

// gnupg returns the variable of a gpg that knows a key.
func gnupg(t *testing.T, public string) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gpg") // the path of the agent's socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	out, err := exec.Command("gpg", "--homedir", home, "--batch", "--import", public).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return "GNUPGHOME=" + home
}
