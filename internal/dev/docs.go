package dev

import (
	"context"
	"os"
	"slices"

	"github.com/slipway-build/slipway/internal/run"
)

// generator names the module that Hugo is a tool of.
const generator = "-modfile=internal/dev/docs/go.mod"

// Docs writes the site of the documentation to dist/site: the same Markdown, as pages with a menu and a search.
//
// The first run compiles Hugo, which takes minutes; Go's build cache keeps it. docs/README.md is the menu.
func Docs(ctx context.Context) error {
	cache, err := os.MkdirTemp("", "slipway-docs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	// What Hugo wants a C compiler for, the site does not use.
	env := run.Env(os.Environ()).With("CGO_ENABLED=0", "GOGC=400")
	return tool(ctx, env, slices.Concat([]string{"go", "run", generator}, lean, []string{"github.com/gohugoio/hugo",
		"--config=internal/dev/docs/hugo.yaml", "--destination=dist/site", "--cleanDestinationDir", "--cacheDir=" + cache,
		"--panicOnWarning", "--quiet"})...)
}
