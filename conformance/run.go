package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

	"github.com/slipway-build/slipway/artifact"
	"github.com/slipway-build/slipway/build"
	"github.com/slipway-build/slipway/conformance/report"
	process "github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/internal/text"
	"github.com/slipway-build/slipway/pipeline/e2e"
	"github.com/slipway-build/slipway/profiles"
	"github.com/slipway-build/slipway/registry"
)

// A place is a cluster that tests run on.
type place struct {
	kubeconfig string                        // file
	pull       string                        // the registry, as the cluster's nodes name it
	push       string                        // and as this process does
	command    func(args ...string) []string // of a program that reaches the cluster
	close      func(context.Context) error
}

// given is the place that the request names.
func (t Testing) given() place {
	return place{
		kubeconfig: t.request.Kubeconfig, pull: t.request.Registry, push: t.request.Registry,
		command: func(args ...string) []string { return args },
		close:   func(context.Context) error { return nil },
	}
}

// A run is the tests of a fork that run once.
type run struct {
	Testing
	s     *build.Session
	suite e2e.Suite
	dir   string // for what the tests leave
}

// push pushes the images of the tests.
func (r run) push(ctx context.Context, at place) error {
	items := r.suite.Images
	return r.s.Stage("push", text.Count(len(items), "image"), at.pull, func() (build.Done, error) {
		pusher := registry.Pusher{Registries: []string{at.push}, Keychain: registry.Keychain(r.s.Env()),
			Insecure: r.request.Insecure, Force: true, Fewer: true, Note: r.s.Note}
		_, err := pusher.Push(ctx, items)
		return build.Done{}, err
	})
}

// run runs the tests, and places what they left. If tests did not run, or some failed that were not expected to, its
// error says so.
func (r run) run(ctx context.Context, at place) (artifact.Set, error) {
	sum, err := r.about(ctx, at)
	if err != nil {
		return nil, err
	}
	if sum.Run, err = r.judged(ctx, at, sum.Nodes); err != nil {
		return nil, err
	}
	sum.Took = r.request.Now().Sub(sum.At)
	set, err := r.place(sum)
	if err == nil && !sum.Run.OK() {
		err = fmt.Errorf("%s: see %s", sum.Run.Counts(), r.s.Fork().Dist(folder, summaryFile))
	}
	return set, err
}

// about returns what a summary tells beside what came of the tests.
func (r run) about(ctx context.Context, at place) (report.Summary, error) {
	f := r.s.Fork()
	sum := report.Summary{Fork: f.Name, Version: f.Version, Upstream: r.request.Upstream, At: r.request.Now(),
		Focus: cmp.Or(r.request.Focus, Focus), Skip: r.request.Skip}
	for _, m := range r.suite.Missing {
		sum.Absent = append(sum.Absent, m.Name+": "+m.Reason)
	}
	data, err := r.s.Runner().Output(ctx, process.Cmd{Env: r.s.Env(),
		Args: at.command(r.program("kubectl"), "--kubeconfig="+at.kubeconfig, "get", "nodes", "-o", "json")})
	if err != nil {
		return sum, err
	}
	if sum.Nodes, err = report.Nodes(data); err != nil {
		return sum, err
	}
	if err := r.fits(sum.Nodes); err != nil || !r.whole() {
		return sum, err
	}
	sum.Wanted, err = r.wanted(ctx)
	return sum, err
}

// fits returns an error where nodes cannot run the images.
func (r run) fits(nodes []report.Node) error {
	arch := r.suite.Platform.Arch
	for _, n := range nodes {
		if n.Arch != arch {
			return fmt.Errorf("node %s is of architecture %s, and the images of the tests are for %s: give -arch=%s",
				n.Name, n.Arch, arch, n.Arch)
		}
	}
	return nil
}

// whole reports whether all conformance tests are to run.
func (r run) whole() bool { return cmp.Or(r.request.Focus, Focus) == Focus && r.request.Skip == "" }

// conformanceTests is the file of Kubernetes' sources that lists the conformance tests.
const conformanceTests = "test/conformance/testdata/conformance.yaml"

// wanted returns the names of the conformance tests that the tree lists.
func (r run) wanted(ctx context.Context) ([]string, error) {
	tree, err := r.s.Patched(ctx)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(tree.Path, filepath.FromSlash(conformanceTests)))
	if err != nil {
		return nil, err
	}
	names, err := report.Wanted(data)
	if err != nil {
		return nil, fmt.Errorf("%s of the patched tree: %w", conformanceTests, err)
	}
	return names, nil
}

// judged runs the tests, and returns what came of them.
func (r run) judged(ctx context.Context, at place, nodes []report.Node) (result report.Run, err error) {
	f := r.s.Fork()
	recipes, err := profiles.Conformance(f.Project.Dir, f.Profile)
	if err != nil {
		return result, err
	}
	subject := text.Count(len(nodes), "node")
	err = r.s.Stage("conformance", subject, "", func() (build.Done, error) {
		ended := r.ginkgo(ctx, at, subject)
		if ctx.Err() != nil {
			return build.Done{}, errors.Join(ended, ctx.Err())
		}
		file, err := os.Open(r.file(reportFile))
		if err != nil {
			return build.Done{}, cmp.Or(ended, err)
		}
		defer file.Close()
		if result, err = report.Read(file); err != nil {
			return build.Done{}, errors.Join(err, ended)
		}
		result = result.Judge(slices.Concat(recipes.Expected, f.Conformance.Expected), nodes)
		return build.Done{Detail: result.Counts()}, nil
	})
	return result, err
}

// ginkgo runs the tests by Ginkgo. That it fails says only that a test did, if there is a report.
func (r run) ginkgo(ctx context.Context, at place, subject string) error {
	list := filepath.Join(r.dir, "repositories.yaml")
	err := errors.Join(os.WriteFile(list, r.suite.Repositories(at.pull), 0o644), os.Mkdir(r.file("."), 0o755))
	if err != nil {
		return err
	}
	log, err := os.Create(r.file(logFile))
	if err != nil {
		return err
	}
	defer log.Close()
	out := &progress{to: log, s: r.s, subject: subject}
	args := at.command(r.program("ginkgo"), "--procs="+strconv.Itoa(r.processes()), "--no-color", "--timeout=6h",
		"--keep-going", "--silence-skips", "--focus="+cmp.Or(r.request.Focus, Focus), "--skip="+r.request.Skip,
		"--output-dir="+filepath.Dir(log.Name()), "--json-report="+reportFile, r.program("e2e.test"), "--",
		"--kubeconfig="+at.kubeconfig, "--provider=skeleton", "--kubectl-path="+r.program("kubectl"),
		"--report-dir="+filepath.Dir(log.Name()), "--disable-log-dump", "--allowed-not-ready-nodes=0")
	return r.s.Runner().Run(ctx, process.Cmd{Args: args, Dir: r.dir, Stdout: out, Stderr: out,
		Env: r.s.Env().With("KUBE_TEST_REPO_LIST=" + list)})
}

func (r run) processes() int { return cmp.Or(r.request.Processes, 4*runtime.NumCPU()) }

func (r run) program(name string) string { return filepath.Join(r.suite.Dir, name) }

// file returns the path of a file that the tests leave.
func (r run) file(name string) string { return filepath.Join(r.dir, "left", name) }
