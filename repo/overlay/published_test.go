package overlay

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/repo/tree"
)

func TestFiles(t *testing.T) {
	r := open(t)
	if all := files(t, r); len(all) != 0 {
		t.Errorf("an empty repository has %v", all)
	}
	commit(t, r, stable(0, ship(t, "1.4.1_p1")))
	all := files(t, r)
	var got []string
	for _, f := range all {
		name := f.Path
		if at := strings.Index(name, "pack-"); at > 0 {
			name = name[:at] + "pack-*" + filepath.Ext(name)
		}
		if hash, ok := strings.CutPrefix(name, packsFile+"-"); ok && hash == f.SHA256 {
			name = packsFile + "-*"
		}
		got = append(got, string(f.Class)+" "+name)
	}
	want := []string{
		"content overlay.git/objects/info/packs-*", "content overlay.git/objects/pack/pack-*.idx",
		"content overlay.git/objects/pack/pack-*.pack", "index overlay.git/objects/info/packs",
		"commit overlay.git/HEAD", "commit overlay.git/info/refs", "commit overlay.git/refs/heads/stable",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the files are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRestore(t *testing.T) {
	s, r := serve(t), open(t)
	s.update(r, stable(0, ship(t, "1.4.1_p1")))
	asked := 0
	get := func(ctx context.Context, path string) ([]byte, error) {
		if strings.HasSuffix(path, ".pack") {
			asked++
		}
		return s.get(ctx, path)
	}
	other := open(t)
	restore := func(what string, packs int) {
		t.Helper()
		asked = 0
		if err := other.Restore(t.Context(), get); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if asked != packs {
			t.Errorf("%s: %d packs were asked for, want %d", what, asked, packs)
		}
		for i, f := range files(t, other) {
			if want := files(t, r)[i]; f.Entry != want.Entry {
				t.Errorf("%s: %v, want %v", what, f.Entry, want.Entry)
			}
		}
	}
	restore("a new machine", 1)
	restore("once more", 0)
	commit(t, other, stable(1, ship(t, "1.4.2_p1")))
	restore("what was never published", 0)
	s.update(r, stable(2, ship(t, "1.4.3_p1")))
	restore("what somebody else published", 1)
	truncate(t, packs(t, other)[0])
	restore("a damaged copy", 2)
	if commit(t, other, stable(3, ship(t, "1.4.3_p1"))) {
		t.Error("there is something to commit where nothing changed")
	}
	if err := other.Restore(t.Context(), serve(t).get); err != nil || len(files(t, other)) != 0 {
		t.Errorf("where nothing is published, %v, there are %v", err, files(t, other))
	}
}

// truncate cuts off a file's second half.
func truncate(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = errors.Join(os.Chmod(name, 0o644), os.Truncate(name, info.Size()/2))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	r := open(t)
	commit(t, r, stable(0, ship(t, "1.4.1_p1")))
	published := files(t, r)
	without := func(suffix string) func(*site) {
		return func(s *site) {
			for _, f := range published {
				if strings.HasSuffix(f.Path, suffix) {
					if err := os.Remove(filepath.Join(s.root, f.Path)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	with := func(path, data string) func(*site) {
		return func(s *site) { s.put(tree.Of(tree.Commit, path, []byte(data))) }
	}
	cut := func(s *site) {
		packs, _ := filepath.Glob(filepath.Join(s.root, packDir, "*.pack"))
		truncate(t, packs[0])
	}
	for name, c := range map[string]struct {
		harm func(*site)
		want string
	}{
		"no HEAD":                  {without("/HEAD"), headFile + ": it is missing"},
		"no list of packs":         {without("/info/packs"), packsFile + ": it is missing"},
		"no pack":                  {without(".pack"), ".pack: it is missing"},
		"half a pack":              {cut, "is damaged"},
		"refs that are not":        {with(refsFile, "<html>\n"), `"<html>\n" is not a ref`},
		"packs that are not":       {with(packsFile, "P ../../x.pack\n"), "is not a pack"},
		"a HEAD of no branch":      {with(headFile, "ref: refs/heads/main\n"), "is not a branch"},
		"a commit that is nowhere": {with(refsFile, strings.Repeat("1", 40)+"\trefs/heads/stable\n"), "is damaged"},
	} {
		s := serve(t)
		s.put(published...)
		c.harm(s)
		err := open(t).Restore(t.Context(), s.get)
		if _, ok := errors.AsType[*DamagedError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want a DamagedError with %q", name, err, c.want)
		}
	}
}

func TestRestoreAsks(t *testing.T) {
	s, r := serve(t), open(t)
	s.update(r, stable(0, ship(t, "1.4.1_p1")))
	cause := errors.New("connection reset")
	for _, suffix := range []string{"/refs", "/HEAD", "/packs", ".idx"} {
		fails := func(ctx context.Context, path string) ([]byte, error) {
			if strings.HasSuffix(path, suffix) {
				return nil, cause
			}
			return s.get(ctx, path)
		}
		if err := open(t).Restore(t.Context(), fails); !errors.Is(err, cause) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the error is %v, want %v", suffix, err, cause)
		}
		if suffix == ".idx" {
			continue
		}
		if err := r.Restore(t.Context(), fails); err == nil || len(files(t, r)) == 0 {
			t.Errorf("%s: a question that failed was taken for an answer: %v", suffix, err)
		}
	}
}
