package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSurplus(t *testing.T) {
	dir := t.TempDir()
	for i, size := range []int{10, 30, 20, 5} { // the first was used last
		pack := filepath.Join(dir, fmt.Sprint(i), "objects", "pack", "x.pack")
		if err := os.MkdirAll(filepath.Dir(pack), 0o755); err != nil {
			t.Fatal(err)
		}
		used := filepath.Join(dir, fmt.Sprint(i), "used")
		for name, n := range map[string]int{pack: size, used: 0, filepath.Join(dir, fmt.Sprint(i), "HEAD"): 0} {
			if err := os.WriteFile(name, make([]byte, n), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		when := time.Date(2026, 1, 9-i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(used, when, when); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		most int
		size int64
		want []string
	}{
		{9, 99, nil},
		{2, 99, []string{"2", "3"}},
		{0, 99, []string{"0", "1", "2", "3"}},
		{9, 60, []string{"3"}},
		{9, 36, []string{"1"}}, // too large for what is left; smaller ones are kept
		{9, 9, []string{"0", "1", "2"}},
	} {
		var got []string
		for _, name := range surplus(dir, c.most, c.size) {
			got = append(got, filepath.Base(name))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("surplus(%d, %d) = %q, want %q", c.most, c.size, got, c.want)
		}
	}
	if got := Surplus(filepath.Join(dir, "absent")); got != nil {
		t.Errorf("Surplus() of nothing = %q", got)
	}
}

// TestRepackKeepsWhatWasFetched fetches many commits one by one, and asks for them
// again when the remote is gone.
func TestRepackKeepsWhatWasFetched(t *testing.T) {
	r := newRepo(t)
	remote := r.remote()
	var ids []string
	for i := range keptPacks + 1 {
		r.put("f", fmt.Sprint(i))
		ids = append(ids, r.commit(fmt.Sprint(i)))
	}
	for _, id := range ids {
		if err := remote.Fetch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(packs(remote.dir)); n < keptPacks {
		t.Fatalf("there are %d packs", n)
	}
	if err := os.RemoveAll(r.dir); err != nil {
		t.Fatal(err)
	}
	again, err := remote.git.Open(t.Context(), remote.dir, remote.url)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(packs(remote.dir)); n > 1 {
		t.Errorf("there are still %d packs", n)
	}
	for _, id := range ids {
		if err := again.Fetch(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}
