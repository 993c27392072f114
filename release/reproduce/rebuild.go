package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/output"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release/provenance"
)

// A Request is a rebuild to be.
type Request struct {
	Project string            // folder of the checkout that is built again
	Record  provenance.Record // what it is built from
	Work    string            // folder that does not exist yet, outside of the project; absolute
	// Command is the program, by an absolute path, and its arguments, which release the fork
	// in the folder that they run in, unsigned.
	Command []string
	Env     run.Env // less what the command could sign with
	Runner  run.Runner
	Stdout  io.Writer
	Stderr  io.Writer
}

// A Rebuilt is a rebuild that ended.
type Rebuilt struct {
	Dir     string // the release's folder in it
	Changes []Change
}

// telemetryMode is a file in a home. Unless it says off, the go command leaves a process behind
// that writes to the home after the command has ended, while the home is removed.
const telemetryMode = ".config/go/telemetry/mode"

// Rebuild checks that the project's checkout is what the release was built from, copies it
// without dist to another folder, and has the command run there as another user, with another
// umask, locale, time zone and home, and no cache but that of downloaded modules. What a
// failed rebuild leaves in Work stays there, to be looked at.
func Rebuild(ctx context.Context, r Request) (Rebuilt, error) {
	var err error
	if r.Project, err = filepath.EvalSymlinks(r.Project); err != nil {
		return Rebuilt{}, err
	}
	if err := checkSources(r.Project, r.Record.Sources); err != nil {
		return Rebuilt{}, err
	}
	if err := r.checkWork(); err != nil {
		return Rebuilt{}, err
	}
	p, err := newPlan(ctx, r)
	if err != nil {
		return Rebuilt{}, err
	}
	for _, dir := range []string{p.home, p.temp, p.cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return Rebuilt{}, err
		}
	}
	if err := output.WriteFiles(p.home, map[string][]byte{telemetryMode: []byte("off\n")}); err != nil {
		return Rebuilt{}, err
	}
	if err := copyProject(ctx, r.Project, p.project); err != nil {
		return Rebuilt{}, err
	}
	err = r.Runner.Run(ctx, run.Cmd{
		Args: append([]string{"sh", "-c", "umask " + p.umask + ` && exec "$@"`, "sh"}, r.Command...),
		Dir:  p.project, Env: p.env, Stdout: r.Stdout, Stderr: r.Stderr, User: p.user,
	})
	if err != nil {
		return Rebuilt{}, r.failed(err)
	}
	dir := filepath.Join(p.project, "dist", filepath.FromSlash(r.Record.Fork), "release")
	return Rebuilt{dir, p.changes}, nil
}

// failed returns the error of a command that failed. What it said is not said again.
func (r Request) failed(err error) error {
	if !run.IsExit(err) {
		return err
	}
	if r.Stderr == nil {
		return fmt.Errorf("the rebuild failed: %w", err)
	}
	return errors.New("the rebuild failed, as its output says")
}

// checkWork makes sure that the folder of the rebuild is new, and that no copy is made into
// what is copied.
func (r Request) checkWork() error {
	parent, err := filepath.EvalSymlinks(filepath.Dir(r.Work))
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(r.Project, parent)
	if err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("%s is in the project: a rebuild needs a folder outside of it\n  To name one: TMPDIR", r.Work)
	}
	if err := os.Mkdir(r.Work, 0o700); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already: a rebuild begins in a new folder", r.Work)
	} else if err != nil {
		return err
	}
	return nil
}

// A SourcesError says how a checkout differs from what a release was built from.
type SourcesError struct {
	Project string
	Faults  []string // a line for each file
}

func (e *SourcesError) Error() string {
	return fmt.Sprintf("%s is not what the release was built from:\n  %s\n  To build it again: check out the commit that "+
		"its provenance names, or that its tag does", e.Project, strings.Join(e.Faults, "\n  "))
}

// checkSources returns a SourcesError that names each file of the project that is not as the
// release was built from, is missing, or was added.
func checkSources(project string, want provenance.Sources) error {
	got, err := provenance.ReadSources(project, want.Roots...)
	if err != nil {
		return err
	}
	ws, gs := digests(want), digests(got)
	var faults []string
	for _, name := range keysOf(ws, gs) {
		switch w, g := ws[name], gs[name]; {
		case w == g:
		case g == "":
			faults = append(faults, fmt.Sprintf("%s: is missing, want %s", name, w))
		case w == "":
			faults = append(faults, fmt.Sprintf("%s: was added, with %s", name, g))
		default:
			faults = append(faults, fmt.Sprintf("%s: has %s, want %s", name, g, w))
		}
	}
	if len(faults) > 0 {
		return &SourcesError{project, faults}
	}
	return nil
}

func digests(s provenance.Sources) map[string]string {
	out := map[string]string{}
	for _, f := range s.Files {
		out[f.Name] = f.Digest
	}
	return out
}

// copyProject copies a project without what was built in it, and without its history.
func copyProject(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(file string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, file)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		switch {
		case (rel == "dist" || rel == ".git") && d.IsDir():
			return filepath.SkipDir
		case rel == "dist" || rel == ".git": // a link to another disk, a work tree of git
			return nil
		case d.IsDir():
			return os.MkdirAll(at, 0o700)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			return errors.Join(err, os.Symlink(target, at))
		case !d.Type().IsRegular():
			return nil // a socket or a pipe is of nobody's release
		}
		return copyFile(file, at)
	})
}

// copyFile copies a file. Like another checkout, the copy keeps of the permissions only
// whether it is executable.
func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600|info.Mode()&0o100)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}
