package cut

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/release"
	"github.com/slipway-build/slipway/release/provenance"
	"github.com/slipway-build/slipway/release/reproduce"
	"github.com/slipway-build/slipway/release/sign/keys"
	"github.com/slipway-build/slipway/release/verify"
)

// A ReproduceRequest says which release to build again, and how.
type ReproduceRequest struct {
	From   string // its folder, or artifacts.json in it; empty: dist/FORK/release
	Attest bool   // sign a statement of what was built the same
	Keys   []string
	Now    time.Time
	// Command returns the program, and its arguments, that release a fork for platforms,
	// as linux/amd64,linux/arm64, unsigned, in the folder that it runs in.
	Command        func(fork, platforms string) []string
	Stdout, Stderr io.Writer // of the command
}

// Reproduce builds a release again, in another folder and environment, and compares the two.
// It writes what it found to dist/FORK/reproduce.
func (c Cutter) Reproduce(ctx context.Context, id string, r ReproduceRequest) (reproduce.Report, error) {
	var none reproduce.Report
	f, err := c.Project.Fork(id)
	if err != nil {
		return none, err
	}
	dir := c.Project.At(r.From)
	if r.From == "" {
		dir = c.Project.Path(f.Dist("release"))
	} else if filepath.Ext(dir) == ".json" {
		dir = filepath.Dir(dir)
	}
	want, err := artifact.ReadRelease(dir)
	if err != nil {
		return none, c.Project.Explain(err)
	}
	signer, err := c.attester(ctx, f, r, want)
	if err != nil || c.Options.PlanOnly {
		return none, err
	}
	if err := intact(ctx, dir); err != nil {
		return none, c.Project.Explain(err)
	}
	report, err := c.rebuild(ctx, f, r, reproduce.Side{Dir: dir, Release: want})
	if err != nil {
		return none, c.Project.Explain(err)
	}
	return report, c.Project.Explain(c.writeReport(ctx, f, report, signer))
}

// intact returns an error if the files of a release, where they are at hand, are not those
// that its record names: then these would not be what is built again.
func intact(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, artifact.SHA256Sums)); errors.Is(err, fs.ErrNotExist) {
		return nil // there is nothing but the record
	}
	report, err := verify.Release(ctx, dir, verify.Request{})
	if err == nil && !report.OK() {
		err = fmt.Errorf("%s is not as it was released\n  To see what differs: mage release:verify %[1]s", dir)
	}
	return err
}

// attester returns what signs the statement of a rebuild; nil, if there is to be none.
func (c Cutter) attester(
	ctx context.Context, f fork.Fork, r ReproduceRequest, of artifact.Release,
) (reproduce.Sign, error) {
	if !r.Attest {
		return nil, nil
	}
	date, err := time.Parse(time.RFC3339, of.Date)
	if err != nil {
		return nil, err
	}
	s, err := c.signer(ctx, f, release.Request{Keys: r.Keys, Now: r.Now}, date)
	if err != nil {
		return nil, err
	}
	if !s.Sigstore() {
		return nil, errors.New("-attest: a statement is signed by a sigstore key: name one with -key")
	}
	return s.Attest, nil
}

// rebuild builds a release again in a folder that goes away after that, and compares. What a
// rebuild that failed has left stays, to be looked at.
func (c Cutter) rebuild(
	ctx context.Context, f fork.Fork, r ReproduceRequest, want reproduce.Side,
) (reproduce.Report, error) {
	var none reproduce.Report
	at := filepath.Join(want.Dir, provenance.File)
	data, err := os.ReadFile(at)
	if err != nil {
		return none, err
	}
	from, err := provenance.Read(data)
	if err != nil {
		return none, fmt.Errorf("%s: %w", at, err)
	}
	scratch, err := os.MkdirTemp("", "slipway-reproduce-")
	if err != nil {
		return none, err
	}
	c.Options.Events.Note("building again in " + scratch +
		", with a build cache that is empty; TMPDIR names another place")
	built, err := reproduce.Rebuild(ctx, reproduce.Request{
		Project: c.Project.Dir, Record: from, Work: filepath.Join(scratch, "rebuild"),
		Command: r.Command(from.Fork, from.Options["platforms"]),
		Env:     unsigned(c.Options.Env, r.Keys), Runner: run.Runner{Events: c.Options.Events},
		Stdout: r.Stdout, Stderr: r.Stderr,
	})
	if err != nil && ctx.Err() == nil {
		return none, err
	}
	defer os.RemoveAll(scratch)
	if err != nil {
		return none, err
	}
	got, err := artifact.ReadRelease(built.Dir)
	if err != nil {
		return none, err
	}
	return reproduce.Compare(ctx, reproduce.Comparison{
		Want: want, Got: reproduce.Side{Dir: built.Dir, Release: got}, Changes: built.Changes,
		Exceptions: f.Release.Exceptions,
	})
}

// unsigned returns an environment without what keys are taken from.
func unsigned(env run.Env, of []string) run.Env {
	return env.Without(func(name string) bool {
		return name == keys.PassphraseVariable || name == keys.PassphraseFileVariable || slices.Contains(of, "env:"+name)
	})
}

// writeReport writes a report to dist/FORK/reproduce: for programs, for people, and, if sign
// is not nil, as a signed statement.
func (c Cutter) writeReport(ctx context.Context, f fork.Fork, report reproduce.Report, sign reproduce.Sign) error {
	files := map[string][]byte{}
	var err error
	if files["report.json"], err = report.JSON(); err != nil {
		return err
	}
	if files["index.html"], err = report.HTML(); err != nil {
		return err
	}
	if sign != nil && report.Same {
		if files["rebuild.sigstore.json"], err = report.Attest(ctx, sign); err != nil {
			return err
		}
	}
	held, err := build.Hold(ctx, c.Project, c.Options)
	if err != nil {
		return err
	}
	_, err = held.Dist().Files(f.Dist("reproduce"), files)
	return errors.Join(err, held.Close())
}
