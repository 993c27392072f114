package slipway

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// own has the sources of Slipway's programs that images have, for a project need
// not know Slipway as a Go module. They need no module but it.
//
//go:embed cmd/pause/main.go cmd/installer/*.go installer/*.go
var own embed.FS

// ownProgram returns where a program of Slipway's lies once it is compiled.
func (g *imaging) ownProgram(name string, p platform.Platform) string {
	return filepath.Join(g.cache.Dir, "own", p.Dir(), name)
}

// compileOwn compiles a program of Slipway's. Go knows when there is nothing to
// do.
func (g *imaging) compileOwn(ctx context.Context, name string, p platform.Platform) error {
	dir, err := g.cache.Scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = fs.WalkDir(own, ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := own.ReadFile(file)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module github.com/slipway-build/slipway\n\ngo 1.26\n"), 0o644); err != nil {
		return err
	}
	env := g.ownGo.Clean().With("GOOS="+p.OS, "GOARCH="+p.Arch, "CGO_ENABLED=0", "GOWORK=off")
	args := []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid= -s -w", "-o", g.ownProgram(name, p), "./" + path.Join("cmd", name)}
	return g.ownGo.Run.Run(ctx, run.Cmd{Args: args, Dir: dir, Env: env})
}
