package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A recorder is a test that notes its failure.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return "TestSchema/of a part" }
func (r *recorder) Errorf(format string, args ...any) {
	r.failure += fmt.Sprintf(format, args...)
}

const accept = "go test ./internal/golden -run '^TestSchema$' -update"

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, want, got, failure string }{
		{"the same", "a\nb\n", "a\nb\n", ""},
		{"both empty", "", "", ""},
		{"a line", "a\nb\nc\n", "a\nB\nc\n", "line 2\n    expected  \"b\\n\"\n    found     \"B\\n\""},
		{"a line more", "a\n", "a\nb\n", "line 2\n    expected  the end\n    found     \"b\\n\""},
		{"a line less", "a\nb\n", "a\n", "line 2\n    expected  \"b\\n\"\n    found     the end"},
		{"no line break at the end", "a\n", "a", "line 1\n    expected  \"a\\n\"\n    found     \"a\""},
		{"nothing made", "a\n", "", "line 1\n    expected  \"a\\n\"\n    found     the end"},
		{"a carriage return", "a\n", "a\r\n", "line 1\n    expected  \"a\\n\"\n    found     \"a\\r\\n\""},
	} {
		path := filepath.Join(t.TempDir(), "golden")
		if err := os.WriteFile(path, []byte(c.want), 0o644); err != nil {
			t.Fatal(err)
		}
		r := &recorder{}
		compare(r, path, []byte(c.got))
		want := c.failure
		if want != "" {
			want = path + " is not what the test makes: " + want + "\n  To accept this as it is now: " + accept
		}
		if r.failure != want {
			t.Errorf("%s: the failure is\n%s\nwant\n%s", c.name, r.failure, want)
		}
	}
}

func TestCheckWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "golden")
	r := &recorder{}
	compare(r, path, nil)
	if want := path + " is not there yet\n  To write it: " + accept; r.failure != want {
		t.Errorf("the failure is\n%s\nwant\n%s", r.failure, want)
	}
}

func TestUpdate(t *testing.T) {
	before := *update
	t.Cleanup(func() { *update = before })
	path := filepath.Join(t.TempDir(), "testdata", "golden")
	for _, text := range []string{"one\n", "", "two\n"} {
		*update = true
		r := &recorder{}
		Check(r, path, []byte(text))
		*update = false
		Check(r, path, []byte(text))
		if data, err := os.ReadFile(path); err != nil || string(data) != text || r.failure != "" {
			t.Errorf("updated with %q, the file holds %q (%v, %s)", text, data, err, r.failure)
		}
	}
	*update = true
	r := &recorder{}
	if Check(r, filepath.Dir(path), nil); r.failure == "" {
		t.Error("where the file cannot be written, nobody is told")
	}
}
