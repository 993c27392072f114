package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An Env is an environment: KEY=VALUE pairs, the last of a key counts.
type Env []string

// Get returns the value of key, or "".
func (e Env) Get(key string) string {
	for _, kv := range slices.Backward(e) {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			return v
		}
	}
	return ""
}

// With returns the environment with pairs added.
func (e Env) With(pairs ...string) Env {
	return append(slices.Clone(e), pairs...)
}

// Without returns the environment less the keys that drop picks.
func (e Env) Without(drop func(key string) bool) Env {
	return slices.DeleteFunc(slices.Clone(e), func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return drop(key)
	})
}

// LookPath returns the program of that name in the environment's PATH. A name
// with a slash is returned as it is.
func (e Env) LookPath(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	for _, dir := range filepath.SplitList(e.Get("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: no such program in PATH", name)
}
