package fork

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/platform"
)

// A Request says what to compile.
type Request struct {
	Components []string // empty: what fork.yaml names
	// Platforms are as linux/arm64, or the one word "all" for what fork.yaml
	// lists. Empty: this machine's, or Linux on this machine's architecture
	// where a component does not build for its operating system.
	Platforms []string
	// DryRun only tells what would be done; the session has to be opened for that.
	DryRun bool
}

// A Job is the components to build for one platform.
type Job struct {
	Platform   platform.Platform
	Components []cross.Component
}

// Names returns the names of the job's components, in one line.
func (j Job) Names() string { return names(j.Components) }

// Jobs returns what a request asks for on the machine host, a job for each
// platform.
func (f Fork) Jobs(r Request, host platform.Platform) ([]Job, error) {
	components, err := f.named(r.Components)
	if err != nil {
		return nil, err
	}
	if slices.Contains(r.Platforms, "all") {
		return f.allJobs(r.Platforms, components)
	}
	platforms, err := platform.ParseList(r.Platforms)
	if err != nil {
		return nil, err
	}
	if len(platforms) == 0 {
		platforms = []platform.Platform{host}
		if slices.ContainsFunc(components, func(c cross.Component) bool { return !host.In(c.Platforms) }) {
			platforms[0].OS = "linux"
		}
	}
	var jobs []Job
	for _, p := range platforms {
		for _, c := range components {
			if !p.In(c.Platforms) {
				return nil, fmt.Errorf("%s does not build for %s, only for %s; these do: %s",
					c.Name, p, strings.Join(c.Platforms, ", "), strings.Join(f.buildFor(p), ", "))
			}
		}
		jobs = append(jobs, Job{p, components})
	}
	return jobs, nil
}

// allJobs pairs the components with each platform of fork.yaml that they build
// for.
func (f Fork) allJobs(platforms []string, components []cross.Component) ([]Job, error) {
	if len(platforms) > 1 {
		return nil, fmt.Errorf("-platforms=%s: all means every platform of fork.yaml, so give it alone",
			strings.Join(platforms, ","))
	}
	var jobs []Job
	for _, p := range f.Platforms {
		fit := slices.DeleteFunc(slices.Clone(components), func(c cross.Component) bool { return !p.In(c.Platforms) })
		if len(fit) > 0 {
			jobs = append(jobs, Job{p, fit})
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("%s builds for none of the platforms in %s: %s",
			names(components), f.File("fork.yaml"), strings.Join(f.Build.Platforms, ", "))
	}
	return jobs, nil
}

func (f Fork) named(names []string) ([]cross.Component, error) {
	if len(names) == 0 {
		return f.Defaults, nil
	}
	var out []cross.Component
	for _, name := range names {
		c, err := f.Component(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o cross.Component) bool { return o.Name == name }) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (f Fork) buildFor(p platform.Platform) []string {
	var names []string
	for _, c := range f.Facts.ComponentsAt(f.Parsed) {
		if p.In(c.Platforms) {
			names = append(names, c.Name)
		}
	}
	return names
}

func names(components []cross.Component) string {
	list := make([]string, len(components))
	for i, c := range components {
		list[i] = c.Name
	}
	return strings.Join(list, " ")
}
