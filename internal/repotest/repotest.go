// Package repotest reads published repositories as clients do, over and over, and tells which
// reads were broken: for tests of changes under readers.
package repotest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slipway-build/slipway/release/sign"
)

// workers is how many read at a time.
const workers = 8

// A Report is what readers found.
type Report struct {
	Reads  map[string]int // by kind of client: apt, dnf, git, curl
	Broken []Fault        // sorted
}

// A Fault is a read that a client would have failed at.
type Fault struct {
	Client string // apt, dnf, git, curl
	URL    string // of the file that was wrong
	Mixed  bool   // it is another than the file that names it says: two states were seen at once
	What   string
}

func (f Fault) String() string {
	kind := "broken"
	if f.Mixed {
		kind = "mixed"
	}
	return fmt.Sprintf("%s: %s: %s: %s", f.Client, kind, f.URL, f.What)
}

// String counts reads, and lists what is broken.
func (r Report) String() string {
	var out []string
	for _, client := range slices.Sorted(maps.Keys(r.Reads)) {
		out = append(out, fmt.Sprintf("%s: %d reads", client, r.Reads[client]))
	}
	for _, f := range r.Broken {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}

// Read reads the repository at a URL n times: by turns as apt, dnf, git and curl do, whichever
// find something to begin with, and each suite in its turn. What one read has is followed from
// what a client starts at down to a package, each file compared with what names it. Signatures
// are checked if the verifier has an OpenPGP key. Which package a read takes depends on its
// number alone. The error is of the reading itself, not of what was found.
func Read(ctx context.Context, url string, suites []string, n int, verify sign.Verifier) (Report, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = workers
	defer base.CloseIdleConnections()
	site := site{url: strings.TrimSuffix(url, "/"), verify: verify, http: &http.Client{Transport: base}}
	turns, err := site.turns(ctx, suites)
	if err != nil {
		return Report{}, err
	}
	report := Report{Reads: map[string]int{}}
	var mu sync.Mutex
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i := range n {
		g.Go(func() error {
			turn := turns[i%len(turns)]
			err := turn.read(within, visit{site, rand.New(rand.NewPCG(uint64(i), 0))})
			mu.Lock()
			defer mu.Unlock()
			if within.Err() != nil { // what a cut read has found is no fault
				return within.Err()
			}
			report.Reads[turn.client]++
			var fault *Fault
			if errors.As(err, &fault) {
				fault.Client, err = turn.client, nil
				report.Broken = append(report.Broken, *fault)
			}
			return err
		})
	}
	err = g.Wait()
	slices.SortFunc(report.Broken, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.URL, b.URL), cmp.Compare(a.What, b.What))
	})
	return report, err
}

// A turn is one way to read a repository.
type turn struct {
	client string
	start  string // what a client asks for first
	read   func(context.Context, visit) error
}

// turns returns the ways in which a repository can be read now.
func (s site) turns(ctx context.Context, suites []string) ([]turn, error) {
	all := []turn{
		{"git", gitDir + "/info/refs", readGit},
		{"curl", "release/stable.txt", readDownloads},
	}
	for _, suite := range suites {
		start := "apt/dists/" + suite + "/InRelease"
		if !s.verify.OpenPGP() {
			start = "apt/dists/" + suite + "/Release"
		}
		all = append(all,
			turn{"apt", start, func(ctx context.Context, v visit) error { return readApt(ctx, v, start) }},
			turn{"dnf", mirrorlist(suite), func(ctx context.Context, v visit) error { return readYum(ctx, v, suite) }})
	}
	var out []turn
	for _, t := range all {
		there, err := s.has(ctx, t.start)
		if err != nil {
			return nil, err
		}
		if there {
			out = append(out, t)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("%s: there is nothing that a client of %s could start at", s.url, strings.Join(suites, ", "))
	}
	return out, nil
}
