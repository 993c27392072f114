package cross

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSlimWithoutModules holds that a tree that is linked with no other module has a
// module cache, which is empty.
func TestSlimWithoutModules(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "go-mod")
	if err := slim(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
