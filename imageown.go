package slipway

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-build/slipway/internal/action"
	"github.com/slipway-build/slipway/internal/run"
	"github.com/slipway-build/slipway/platform"
)

// own has the sources of Slipway's programs that images have, for a project need
// not know Slipway as a Go module. They need no module but it.
//
//go:embed cmd/pause/main.go cmd/installer/*.go installer/*.go
var own embed.FS

// keptOwn is how many of Slipway's programs a project keeps compiled.
const keptOwn = 8

// ownSources returns the sources of Slipway's programs, by their paths.
func ownSources() (map[string]string, error) {
	out := map[string]string{"go.mod": "module github.com/slipway-build/slipway\n\ngo 1.26\n"}
	err := fs.WalkDir(own, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := own.ReadFile(name)
		out[name] = string(data)
		return err
	})
	return out, err
}

// compileOwn compiles a program of Slipway's, if it is not there, and returns where
// it lies.
func (g *imaging) compileOwn(ctx context.Context, name string, p platform.Platform) (string, error) {
	sources, err := ownSources()
	if err != nil {
		return "", err
	}
	args := []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-buildid= -s -w", "-o", "bin/" + name, "./cmd/" + name}
	vars := []string{"GOOS=" + p.OS, "GOARCH=" + p.Arch, "CGO_ENABLED=0", "GOWORK=off"}
	dir, _, err := g.cache.Do("own", action.NewKey("own", 1, []any{sources, args, vars, g.ownGo.GOVERSION}), func(dst string) error {
		for file, text := range sources {
			to := filepath.Join(dst, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
				return err
			}
		}
		return g.ownGo.Run.Run(ctx, run.Cmd{Args: args, Dir: dst, Env: g.ownGo.Clean().With(vars...)})
	})
	return filepath.Join(dir, "bin", name), err
}
