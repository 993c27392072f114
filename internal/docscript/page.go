package docscript

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A Page is one whose blocks a test runs, each when what it needs is there.
type Page struct {
	Name  string
	Shell Shell
	left  []Block
	names map[string]string // of this run, by those that the page shows
}

// Open reads a page, for the test that its marks name.
func Open(name, text, test string, s Shell) (*Page, error) {
	blocks, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	mine := slices.DeleteFunc(blocks, func(b Block) bool { return b.RunBy != test })
	return &Page{name, s, mine, map[string]string{}}, nil
}

// Run runs the first block that was not run yet and has a text, from where the one before it has left the
// shell. It returns what was done, and what is wrong with it.
func (p *Page) Run(ctx context.Context, text string) ([]Result, []string, error) {
	block, err := p.Take(text)
	if err != nil {
		return nil, nil, err
	}
	steps := block.Steps()
	for i := range steps {
		steps[i].Command = p.named(steps[i].Command)
	}
	results, err := p.Shell.Run(ctx, steps)
	if err != nil {
		return nil, nil, err
	}
	var faults []string
	for i, r := range results {
		p.learn(r)
		results[i].Prints = nil
		for _, line := range r.Prints {
			results[i].Prints = append(results[i].Prints, p.named(line))
		}
		if fault := results[i].Fault(p.Name); fault != "" {
			faults = append(faults, fault)
		}
		p.Shell.Dir = r.Dir
	}
	return results, faults, nil
}

// Take returns the first block that was not run yet and has a text, for a test that runs it in its own way.
func (p *Page) Take(text string) (Block, error) {
	i := slices.IndexFunc(p.left, func(b Block) bool { return strings.Contains(strings.Join(b.Text, "\n"), text) })
	if i < 0 {
		return Block{}, fmt.Errorf("%s: no block that is left to run has %q", p.Name, text)
	}
	block := p.left[i]
	p.left = slices.Delete(p.left, i, i+1)
	return block, nil
}

// Left returns the first commands of the blocks that were not run.
func (p *Page) Left() []string {
	var left []string
	for _, b := range p.left {
		left = append(left, b.Text[0])
	}
	return left
}

// given are names that each run makes anew: snapshots' IDs, and fingerprints of keys, also as GnuPG groups them.
var given = regexp.MustCompile(`\b(\d{8}T\d{6}\.\d{3}Z|[0-9A-F]{40}|([0-9A-F]{4} +){9}[0-9A-F]{4})\b`)

// learn notes which names a run has for those that the page shows, if a command printed as many.
func (p *Page) learn(r Result) {
	shown := given.FindAllString(strings.Join(r.Prints, "\n"), -1)
	printed := given.FindAllString(strings.Join(r.Printed, "\n"), -1)
	if len(shown) != len(printed) {
		return
	}
	for i, name := range shown {
		if _, known := p.names[name]; !known {
			p.names[name] = printed[i]
		}
	}
}

// named returns a text of the page with the names of this run.
func (p *Page) named(text string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		pairs = append(pairs, name, p.names[name])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
