package publishtest

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/slipway-build/slipway/repo/publish"
	"github.com/slipway-build/slipway/repo/tree"
)

// odd are paths that a shell, a URL or a bucket could take for something else.
func odd() []string {
	return []string{
		"apt/pool/a/ship_1.4.1~rc.1_amd64.deb", "odd/a b", "odd/it's $HOME `x` \"y\"", "odd/-n", "odd/%41?a=b#c&d",
		"odd/\u00e9", "odd/a\\b", "odd/*", "odd/[a]",
	}
}

// Target checks what every target has to do, on one that is empty.
func Target(t *testing.T, target publish.Target) {
	ctx := t.Context()
	if _, _, err := target.Get(ctx, publish.HeadFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a head, Get() = %v", err)
	}
	for _, path := range odd() {
		one(t, target, path)
	}
	empty, commit := tree.Of(tree.Content, "odd/empty", nil), tree.Of(tree.Commit, "odd/commit", []byte("old"))
	for _, f := range []tree.File{empty, commit, tree.Of(tree.Commit, "odd/commit", []byte("new"))} {
		if err := target.Put(ctx, f); err != nil {
			t.Fatal(err)
		}
		stat(t, target, f, publish.Same)
		stat(t, target, tree.Of(f.Class, f.Path, []byte("longer than before")), publish.Different)
	}
	if err := target.Delete(ctx, []string{empty.Path, commit.Path}); err != nil {
		t.Error(err)
	}
	absent := tree.AliasOf(tree.Index, "odd/copy", tree.Of(tree.Content, "odd/absent", []byte("x")))
	if err := target.Copy(ctx, absent.Entry); err == nil {
		t.Error("a copy of what is not there")
	}
}

// one does all that can be done with the file at a path.
func one(t *testing.T, target publish.Target, path string) {
	t.Helper()
	ctx := t.Context()
	file, other := tree.Of(tree.Content, path, []byte("captain")), tree.Of(tree.Content, path, []byte("cabinet"))
	alias := tree.AliasOf(tree.Index, path+".copy", file)
	stat(t, target, file, publish.Absent)
	if err := target.Put(ctx, file); err != nil {
		t.Fatalf("Put(%q): %v", path, err)
	}
	stat(t, target, other, publish.Different)
	if data, _, err := target.Get(ctx, path); err != nil || string(data) != "captain" {
		t.Errorf("Get(%q) = %q, %v", path, data, err)
	}
	for range 2 { // the second time it is there
		if err := target.Copy(ctx, alias.Entry); err != nil {
			t.Fatalf("Copy(%q): %v", alias.Path, err)
		}
	}
	stat(t, target, alias, publish.Same)
	if err := target.Delete(ctx, []string{path, alias.Path, "odd/absent"}); err != nil {
		t.Errorf("Delete(%q): %v", path, err)
	}
	stat(t, target, file, publish.Absent)
	stat(t, target, alias, publish.Absent)
}

func stat(t *testing.T, target publish.Target, f tree.File, want publish.Presence) {
	t.Helper()
	if got, err := target.Stat(t.Context(), f.Entry); got != want || err != nil {
		t.Errorf("Stat(%q) = %v, %v, want %v", f.Path, got, err, want)
	}
}

// Swaps checks that a target compares its head before it replaces it. It leaves the head behind.
func Swaps(t *testing.T, target publish.Target) {
	ctx := t.Context()
	var conflict *publish.ConflictError
	if _, err := target.Swap(ctx, []byte("{}"), "absent", nil); !errors.As(err, &conflict) {
		t.Errorf("a head that is not there was replaced: %v", err)
	}
	first, err := target.Swap(ctx, []byte("{\"schema\":1}"), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := target.Swap(ctx, []byte("{}"), "", nil); !errors.As(err, &conflict) {
		t.Errorf("a head that is there was replaced: %v", err)
	}
	second, err := target.Swap(ctx, []byte("{\"schema\":2}"), first, nil)
	if err != nil || second == first {
		t.Fatalf("the tag is %q and was %q: %v", second, first, err)
	}
	if _, err := target.Swap(ctx, []byte("{}"), first, nil); !errors.As(err, &conflict) {
		t.Errorf("a head was replaced that was not the one compared with: %v", err)
	}
	data, tag, err := target.Get(ctx, publish.HeadFile)
	if err != nil || tag != second || string(data) != "{\"schema\":2}" {
		t.Errorf("Get() = %q, %q, %v, want the tag %q", data, tag, err, second)
	}
}

// Publishes publishes snapshots one after the other, and checks what the target has then: held
// returns it, or is nil if the target is to be asked.
func Publishes(t *testing.T, target publish.Target, held func() Objects) {
	one, two, three, four := Voyage(t)
	if held == nil {
		held = func() Objects { return Held(t, target, one, two, three, four) }
	}
	for i, next := range []publish.Next{one, two, three} {
		if _, err := Publish(t, target, next, i+1); err != nil {
			t.Fatal(err)
		}
		held().Shows(t, next.Snapshot.ID, target, next)
	}
	held().Has(t, "within its time", two)
	report, err := Publish(t, target, four, 9)
	if err != nil || report.Deleted.Files == 0 || report.Previous != three.Snapshot.ID {
		t.Fatalf("%+v, %v", report, err)
	}
	held().ShowsAlone(t, "the fourth", target, four)
	again, err := Publish(t, target, four, 9)
	if err != nil || !again.UpToDate || again.Requests.Total() != again.Requests.Get {
		t.Errorf("once more: %+v, %v", again, err)
	}
}
