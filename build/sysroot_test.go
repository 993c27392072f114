package build_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/build/buildtest"
	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/dynlink"
	command "github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/testkit"
	"github.com/slipway-build/slipway/platform"
)

// rower is a program from before modules. What it calls has versions of glibc 2.34 where
// it is compiled with that or a newer one.
const rower = `package main

/*
#cgo LDFLAGS: -lpthread -ldl
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/stat.h>

static void *row(void *boat) { return boat; }

static int start(void) {
	pthread_t thread;
	struct stat boat;
	struct addrinfo *harbours;
	if (pthread_create(&thread, 0, row, 0) || pthread_join(thread, 0)) return 1;
	if (stat("/", &boat) || fcntl(1, F_GETFL) < 0) return 2;
	if (getaddrinfo("127.0.0.1", 0, 0, &harbours)) return 3;
	return dlopen("libm.so.6", RTLD_NOW) ? 0 : 4;
}
*/
import "C"

import (
	"fmt"
	"net"
	"os/user"
)

func main() {
	_, err := user.LookupId("4711")
	fmt.Println("rowing:", C.start(), net.ParseIP("::1"), err != nil)
}
`

// A galley is a project with a fork of the rower.
type galley struct {
	buildtest.Project
	*testing.T
}

// newGalley returns one; more is added to the section build.
func newGalley(t *testing.T, more string) galley {
	t.Helper()
	testkit.Need(t, "cc")
	testkit.Need(t, "git")
	if runtime.GOOS != "linux" {
		t.Skip("programs for Linux are compiled on Linux here")
	}
	upstream := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(upstream, "cmd/rower"), 0o755),
		os.WriteFile(filepath.Join(upstream, "cmd/rower/main.go"), []byte(rower), 0o644)); err != nil {
		t.Fatal(err)
	}
	testkit.Git(t, upstream, "init", "-q")
	testkit.Git(t, upstream, "add", ".")
	testkit.Git(t, upstream, "commit", "-q", "-m", "Row")
	g := galley{T: t, Project: buildtest.New(t, map[string]string{
		"profiles/galley.yaml": "name: galley\nbuild:\n  - {versions: \">=1.0.0\", mode: gopath, " +
			"import_path: example.org/galley}\ncomponents:\n  - {name: rower, main: cmd/rower, cgo: true}\n",
	})}
	commit := strings.TrimSpace(testkit.Git(t, upstream, "rev-parse", "HEAD"))
	g.Write(t, "forks/"+buildtest.ID+"/fork.yaml", "name: galley\nversion: 1.0.0+test.1\nupstream:\n  git: "+upstream+
		"\n  commit: "+commit+"\nbuild:\n  components: [rower]\n  platforms: ["+here().String()+"]\n"+more)
	if err := os.RemoveAll(g.Path("forks/" + buildtest.ID + "/patches")); err != nil {
		t.Fatal(err)
	}
	g.Env = append(g.Env, "GOCACHE="+goCache(t))
	g.Pin(t)
	return g
}

func here() platform.Platform { return platform.Platform{OS: "linux", Arch: runtime.GOARCH} }

// goCache returns the user's build cache, which has the standard library.
func goCache(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "go-build")
}

// cross compiles the rower, and returns what is recorded of it and its path.
func (g galley) cross() (cross.Binary, string, error) {
	g.Helper()
	f := g.ReadFork(g)
	l, err := f.ReadLock()
	if err != nil {
		g.Fatal(err)
	}
	s, err := build.Open(g.Context(), f, l, build.Options{Env: g.Env})
	if err != nil {
		g.Fatal(err)
	}
	defer s.Close()
	if _, err := build.PinSysroots(g.Context(), s, time.Now()); err != nil {
		return cross.Binary{}, "", err
	}
	_, err = s.Cross(g.Context(), []fork.Job{{Platform: here(), Components: f.Defaults}})
	if err != nil {
		return cross.Binary{}, "", err
	}
	dir := g.Path(f.Dist("bin", here().Dir()))
	var record build.Record
	data, err := os.ReadFile(filepath.Join(dir, "build.json"))
	if err = errors.Join(err, json.Unmarshal(data, &record)); err != nil {
		g.Fatal(err)
	}
	return record.Binaries[0], filepath.Join(dir, "rower"), nil
}

// wants returns the newest glibc that a program wants.
func wants(t *testing.T, program string) string {
	t.Helper()
	o, err := dynlink.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for _, w := range o.Wants {
		versions = append(versions, w.Version)
	}
	return dynlink.Newest("GLIBC_", versions)
}

// newer reports whether one version is newer than another.
func newer(a, b string) bool { return a != b && dynlink.Newest("", []string{a, b}) == a }

// bullseyeFork returns the fork's section with a sysroot of bullseye, or skips the test.
func bullseyeFork(t *testing.T) (section string, keyring []byte) {
	t.Helper()
	archive := testkit.DebianArchive(t)
	keyring, err := os.ReadFile(testkit.DebianKeys)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 20 * time.Second}
	res, err := client.Head(archive + "/dists/bullseye/InRelease")
	if err != nil {
		t.Skipf("Debian's archive cannot be reached: %v", err)
	}
	res.Body.Close()
	return "  c:\n    " + here().String() + ":\n      cc: gcc\n      debian: {suites: [" + archive + " bullseye], " +
		"keyring: keys.gpg, packages: [libc6-dev]}\n", keyring
}

// TestSysrootOfDebian compiles a program with bullseye's libraries, and starts it there.
func TestSysrootOfDebian(t *testing.T) {
	testkit.Need(t, "gcc")
	section, keyring := bullseyeFork(t)
	ours := newGalley(t, "")
	_, newest, err := ours.cross()
	if err != nil {
		t.Fatal(err)
	}
	var made []cross.Binary
	var program string
	for range 2 { // in two folders
		g := newGalley(t, section)
		g.Write(t, "keys.gpg", string(keyring))
		b, path, err := g.cross()
		if err != nil {
			t.Fatal(err)
		}
		made, program = append(made, b), path
	}
	if made[0].SHA256 != made[1].SHA256 || made[0].Sysroot != made[1].Sysroot || made[0].Inputs == "" {
		t.Errorf("two folders make\n%+v and\n%+v", made[0], made[1])
	}
	if got := wants(t, program); newer(got, "2.17") {
		t.Errorf("with bullseye's libraries, a program wants glibc %s; want 2.17 at most", got)
	}
	if !newer(wants(t, newest), "2.31") {
		t.Skip("the libraries of this machine are not newer than bullseye's")
	}
	if os.Getuid() != 0 {
		t.Skip("only root can start a program in another root")
	}
	inBullseye(t, filepath.Join(filepath.Dir(program), "../../../.cache/sysroot"), map[string]string{
		newest: "version `GLIBC_2.34' not found", program: "rowing: 0 ::1 true",
	})
}

// inBullseye starts programs in a copy of the sysroot that is in a folder of the cache, and
// looks for what each says.
func inBullseye(t *testing.T, cache string, programs map[string]string) {
	t.Helper()
	laid, err := filepath.Glob(filepath.Join(cache, "*", "root"))
	if err != nil || len(laid) != 1 {
		t.Fatal(laid, err)
	}
	root := t.TempDir()
	dir, err := filetree.Scan(t.Context(), laid[0])
	if err == nil {
		_, err = dir.Copy(t.Context(), root)
	}
	if err != nil {
		t.Fatal(err)
	}
	for program, want := range programs {
		data, err := os.ReadFile(program)
		if err := errors.Join(err, os.WriteFile(filepath.Join(root, "rower"), data, 0o755)); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = command.Runner{}.Run(t.Context(), command.Cmd{
			Args: []string{"chroot", root, "/rower"}, Env: command.Env{"PATH=" + testkit.Path()}, Stdout: &out, Stderr: &out,
		})
		if !strings.Contains(out.String(), want) {
			t.Errorf("in bullseye, %s says %q, %v, want %q", program, out.String(), err, want)
		}
	}
}
