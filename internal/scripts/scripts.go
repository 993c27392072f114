// Package scripts fills in the maintainer scripts of packages, whose templates each
// format has.
package scripts

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"

	"github.com/slipway-build/slipway/internal/shell"
	"github.com/slipway-build/slipway/packaging"
)

// A word is a value in a maintainer script. A template writes it quoted for the shell.
type word string

// String returns the value as one word of the shell.
func (w word) String() string { return shell.Quote(string(w)) }

// Running returns the value as a word that systemctl finds a unit that runs by. Of a
// template, which cannot run itself, it finds all instances.
func (w word) Running() string {
	name, kind, ok := strings.Cut(string(w), "@.")
	if !ok {
		return w.String()
	}
	return shell.Quote(strings.ReplaceAll(name, `\`, `\\`) + "@*." + kind)
}

// Pattern returns the value as a word that dpkg-query matches a path by: the same path,
// and no other that a wildcard in it would match.
func (w word) Pattern() string { return shell.Quote(wildcards.Replace(string(w))) }

var wildcards = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

func words(values []string) []word {
	var out []word
	for _, v := range values {
		out = append(out, word(v))
	}
	return out
}

// fields are what the templates of maintainer scripts know of a package.
type fields struct {
	Name, Release                      word // bosun, bosun-1.5.0-1
	Units, Stopped, Restart            []word
	Sysusers, Tmpfiles, State, Retired []word
	Layers                             []layer
	HasUnits                           bool
}

// layer is what the templates know of a file of options that a package had as a
// configuration file.
type layer struct{ Path, Tool, Former word }

// Fill fills in the template of a maintainer script. It returns "" if the
// script has nothing to do for the package.
func Fill(p packaging.Package, name, text string) (string, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return "", fmt.Errorf("template of %s: %w", name, err)
	}
	var layers []layer
	for _, l := range p.Layers {
		layers = append(layers, layer{word(l.Path), word(l.Tool), word(l.Former)})
	}
	var body bytes.Buffer
	if err := t.Execute(&body, fields{
		Layers: layers, Name: word(p.Name), Release: word(p.Name + "-" + p.Release()),
		Units: words(p.Units()), Stopped: words(p.Stopped()), Restart: words(p.Restart), HasUnits: p.HasUnits(),
		Sysusers: words(p.Sysusers()), Tmpfiles: words(p.Tmpfiles()), State: words(p.State), Retired: words(p.Retired),
	}); err != nil {
		return "", fmt.Errorf("%s of package %s: %w", name, p.Name, err)
	}
	return string(bytes.TrimSpace(body.Bytes())), nil
}
