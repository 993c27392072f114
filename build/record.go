package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/slipway-build/slipway/cross"
	"github.com/slipway-build/slipway/fork"
	"github.com/slipway-build/slipway/lock"
	"github.com/slipway-build/slipway/platform"
	"github.com/slipway-build/slipway/version"
)

// A Record is build.json: the binaries beside it, and what they were made from.
type Record struct {
	Fork     string `json:"fork"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	Platform string `json:"platform"`
	Upstream Pin    `json:"upstream"`
	Patches  []Pin  `json:"patches"`
	Tree     string `json:"tree"`      // digest of the patched tree
	Commit   string `json:"commit"`    // 40 hex digits
	CommitOf string `json:"commit_of"` // "upstream", "fork", or "tree": digits of its digest
	// UpstreamCommit is the upstream's, if it is known and Commit is another.
	UpstreamCommit string         `json:"upstream_commit,omitempty"`
	Date           string         `json:"date"`      // RFC 3339, UTC
	Toolchain      string         `json:"toolchain"` // go1.26.8
	Flags          []string       `json:"flags"`
	Env            []string       `json:"environment"` // KEY=VALUE pairs of the go command
	Binaries       []cross.Binary `json:"binaries"`    // sorted by component
}

// A Pin is something by its name and digest.
type Pin struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256:…, or a module's h1:…
}

// stamped returns the date that outputs carry, or what keeps them from being stamped.
func (s *Session) stamped() (time.Time, error) {
	if _, _, err := s.fork.Commit(s.lock.Tree); err != nil {
		return time.Time{}, err
	}
	return s.Date(s.lock.Time)
}

// Input returns what the compiler is told for a platform, and the record that
// goes with it, without binaries.
func (s *Session) Input(p platform.Platform) (cross.Input, Record, error) {
	f, l := s.fork, s.lock
	record := Record{
		Fork: f.ID, Name: f.Name, Version: f.Version, Platform: p.String(), Upstream: upstreamPin(l), Tree: l.Tree,
		Toolchain: s.goFork.GOVERSION,
	}
	var err error
	if record.Commit, record.CommitOf, err = f.Commit(l.Tree); err != nil {
		return cross.Input{}, record, err
	}
	if record.CommitOf != cross.OfUpstream {
		record.UpstreamCommit = f.Upstream.Commit
	}
	for _, patch := range l.Patches {
		record.Patches = append(record.Patches, Pin{patch.Name, "sha256:" + patch.SHA256})
	}
	date, err := s.Date(l.Time)
	if err != nil {
		return cross.Input{}, record, err
	}
	record.Date = date.Format("2006-01-02T15:04:05Z")
	lockSum := sha256.Sum256(l.Encode())
	in := cross.Input{
		Tree: l.Tree, Lock: hex.EncodeToString(lockSum[:]), Platform: p, Tags: f.Settings.Tags, Symbols: f.Build.Symbols,
		Level: f.Build.Levels()[p.Arch],
	}
	if f.Settings.Mode == cross.GOPATH {
		in.GOPATH = f.Settings.ImportPath
	}
	in.Stamps, err = stamps(f, record)
	record.Flags, record.Env = in.Flags(), in.Environment()
	return in, record, err
}

// stamps returns the values that the linker sets, by import path and variable.
func stamps(f fork.Fork, r Record) (map[string]string, error) {
	out := map[string]string{}
	fields := cross.StampFields{Fields: f.Parsed.Fields(), Commit: r.Commit, Date: r.Date}
	for name, text := range f.Settings.Stamps.Values {
		value, err := version.Expand(text, fields)
		if err != nil {
			return nil, fmt.Errorf("stamp %s of profile %s: %w", name, f.Profile, err)
		}
		for _, pkg := range f.Settings.Stamps.Packages {
			out[pkg+"."+name] = value
		}
	}
	return out, nil
}

// upstreamPin returns what the upstream is, and the digest of what was fetched.
func upstreamPin(l lock.Lock) Pin {
	if len(l.Modules) > 0 {
		return Pin{l.Upstream, l.Modules[0].Sum}
	}
	return Pin{l.Upstream, l.Source}
}
