package dev

import (
	"context"
	"os"
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
	env := lean(os.Environ()).With("CGO_ENABLED=0") // what Hugo wants a C compiler for, the site does not use
	return tool(ctx, env, "go", "run", generator, "github.com/gohugoio/hugo", "--config=internal/dev/docs/hugo.yaml",
		"--destination=dist/site", "--cleanDestinationDir", "--cacheDir="+cache, "--panicOnWarning", "--quiet")
}
