package output

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// Whoever looks at a folder while others are placed there sees one at any time.
func TestPlaceIsOneStep(t *testing.T) {
	dir := t.TempDir()
	d := Dist{Project: dir}
	const path, next = "dist/ship-1.4/bin", "next"
	for _, name := range []string{path, next} {
		if err := WriteFiles(d.Abs(name), map[string][]byte{"captain": []byte(name)}); err != nil {
			t.Fatal(err)
		}
	}
	var ended atomic.Bool
	missing := make(chan int)
	go func() {
		n := 0
		for !ended.Load() {
			if !d.Exists(path) {
				n++
			}
		}
		missing <- n
	}()
	for range 2000 {
		if err := d.Place(d.Abs(next), path); err != nil { // and what was there is next
			t.Error(err)
			break
		}
	}
	ended.Store(true)
	if n := <-missing; n > 0 {
		t.Errorf("%s was missing %d times", path, n)
	}
}

// What was at the path is then where the new one was, until the caller removes it.
func TestPlaceChangesPlaces(t *testing.T) {
	dir := t.TempDir()
	d := Dist{Project: dir}
	for _, text := range []string{"one", "two"} {
		from := filepath.Join(dir, text)
		if err := os.WriteFile(from, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := d.Place(from, "dist/ship.yml"); err != nil {
			t.Fatal(err)
		}
	}
	if !d.Holds("dist/ship.yml", []byte("two")) || !d.Holds("two", []byte("one")) || d.Exists("one") {
		t.Errorf("there are %v", List(dir))
	}
}
