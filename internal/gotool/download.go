package gotool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slipway-build/slipway/event"
	"github.com/slipway-build/slipway/filetree"
	"github.com/slipway-build/slipway/internal/run"
)

// A Module is one module in the module cache.
type Module struct {
	Path, Version string
	Dir           string // of its files
	Sum           string // h1:…, as the go command recorded and checked it
	Info          string // the file with its time
	Error         string // why it could not be fetched
}

// Download downloads modules, named path@version, to the module cache, the way the
// user's settings say. scratch is a folder to work in. A module that cannot
// be fetched is not an error: its Error is set.
func (g *Go) Download(ctx context.Context, scratch string, modules []string) ([]Module, error) {
	// A go.mod here keeps the go command from looking at, and writing to, the user's.
	if err := os.WriteFile(filepath.Join(scratch, "go.mod"), []byte("module download\n"), 0o644); err != nil {
		return nil, err
	}
	// With -x the go command tells of each transfer when it ends.
	args := append([]string{"go", "mod", "download", "-x", "-json"}, modules...)
	watch := &transfers{one: sync.OnceValue(func() func() {
		return g.Run.Events.Counter(event.Event{Stage: "source", Subject: modules[0], Total: len(modules), Unit: "downloads"})
	})}
	out, err := g.Run.Output(ctx, run.Cmd{Args: args, Dir: scratch, Env: g.fetching(), Stderr: watch})
	err = withoutTransfers(err)
	if err != nil && !run.IsExit(err) {
		return nil, err
	}
	var got []Module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m Module
		if jsonErr := dec.Decode(&m); errors.Is(jsonErr, io.EOF) {
			break
		} else if jsonErr != nil {
			return nil, errors.Join(fmt.Errorf("reading go mod download -json: %w", jsonErr), err)
		}
		got = append(got, m)
	}
	if len(got) != len(modules) {
		return nil, errors.Join(fmt.Errorf("go mod download answered for %d modules of %d", len(got), len(modules)), err)
	}
	return got, nil
}

// A transfers reads what go mod download -x writes, and counts the modules that arrive.
type transfers struct {
	one  func() func() // begins to count
	rest []byte
}

func (w *transfers) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		if bytes.HasPrefix(line, transfer) && bytes.Contains(line, []byte(".zip: 200 ")) {
			w.one()()
		}
		w.rest = rest
	}
}

// transfer is how the line of a transfer begins.
var transfer = []byte("# get ")

// withoutTransfers returns the error of go mod download as it is without -x.
func withoutTransfers(err error) error {
	var failed *run.Error
	if errors.As(err, &failed) {
		lines := slices.DeleteFunc(strings.Split(failed.Output, "\n"), func(line string) bool {
			return strings.HasPrefix(line, string(transfer))
		})
		failed.Output = strings.Join(lines, "\n")
	}
	return err
}

// Versions returns the versions of a module that the user's settings lead to.
func (g *Go) Versions(ctx context.Context, path string) ([]string, error) {
	out, err := g.Run.Output(ctx, run.Cmd{
		Args: []string{"go", "list", "-m", "-versions", "-f", "{{join .Versions \" \"}}", path},
		Dir:  os.TempDir(), Env: g.fetching()})
	if err != nil {
		return nil, fmt.Errorf("listing the versions of %s: %w\n  %s", path, err, g.ProxyAdvice())
	}
	return strings.Fields(string(out)), nil
}

// absence matches what the go command says of a module that is not there. 403
// is what proxies answer for versions that they withhold.
var absence = regexp.MustCompile(`: (403|404|410) |[Nn]ot found|unknown revision|no matching versions|` +
	`no such file|does not exist`)

// Unpublished reports whether the module cannot be fetched because whoever was
// asked answered that there is none, and not because nobody answered.
func (m Module) Unpublished() bool { return absence.MatchString(m.Error) }

// Time returns when the module's version was made, as its origin says.
func (m Module) Time() (time.Time, error) {
	data, err := os.ReadFile(m.Info)
	if err != nil {
		return time.Time{}, err
	}
	var info struct{ Time time.Time }
	if err := json.Unmarshal(data, &info); err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", m.Info, err)
	}
	if info.Time.IsZero() {
		return time.Time{}, fmt.Errorf("%s does not say when %s@%s was made", m.Info, m.Path, m.Version)
	}
	return info.Time.UTC().Truncate(time.Second), nil
}

// Sum returns the h1 sum of a module whose files are those of the tree: the
// hash of the list of their hashes (https://go.dev/ref/mod#go-sum-files).
func Sum(path, vers string, tree filetree.Tree) string {
	h := sha256.New()
	for _, e := range tree {
		fmt.Fprintf(h, "%s  %s@%s/%s\n", e.Sum, path, vers, e.Path)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// CheckModule returns a *ChangedError unless the module cache holds the module
// that has the sum want. It reads what known, which may be nil, does not know.
func (g *Go) CheckModule(ctx context.Context, path, vers, want string, known *filetree.Memory) error {
	dir, err := g.ModuleDir(path, vers)
	if err != nil {
		return err
	}
	d, err := filetree.ScanAgain(ctx, dir, known)
	if err != nil {
		return err
	}
	if got := Sum(path, vers, d.Tree); got != want {
		return &ChangedError{Module: path + "@" + vers, Dir: dir, Want: want, Got: got}
	}
	return nil
}

// A ChangedError says that a module in the module cache is not what was once
// downloaded.
type ChangedError struct {
	Module    string // path@version
	Dir       string
	Want, Got string // h1 sums
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s was changed in the module cache\n    expected  %s\n    found     %s\n"+
		"  To download it again: chmod -R u+w %s && rm -r %[4]s", e.Module, e.Want, e.Got, e.Dir)
}
