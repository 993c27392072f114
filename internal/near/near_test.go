package near_test

import (
	"fmt"
	"testing"

	"github.com/magefile/mage/mg"

	"github.com/slipway-build/slipway/internal/near"
)

func TestHint(t *testing.T) {
	names := []string{"captain", "bosun", "mate", "deckhand", "linux/amd64", "linux/arm64"}
	for _, c := range []struct{ word, want string }{
		{"captian", "; did you mean captain?"},
		{"Captain", "; did you mean captain?"},
		{"bosn", "; did you mean bosun?"},
		{"bosunn", "; did you mean bosun?"},
		{"deck", "; did you mean deckhand?"},
		{"hand", "; did you mean deckhand?"},
		{"mete", "; did you mean mate?"},
		{"linux/amd46", "; did you mean linux/amd64?"},
		{"linux/arm46", "; did you mean linux/arm64?"},
		{"amte", "; did you mean mate?"},
		{"captain", ""},
		{"purser", ""},
		{"ma", ""},
		{"me", ""},
		{"", ""},
		{"ship's cook", ""},
	} {
		if got := near.Hint(c.word, names...); got != c.want {
			t.Errorf("%q: %q; want %q", c.word, got, c.want)
		}
	}
}

// Of names that are equally near, it is the first: the order of names decides, not chance.
func TestNameIsTheFirst(t *testing.T) {
	if got := near.Name("mote", []string{"mite", "mate"}); got != "mite" {
		t.Errorf("%s; want mite", got)
	}
}

func TestUnknown(t *testing.T) {
	err := fmt.Errorf("mage cross: %w", near.Unknown("captian", []string{"captain", "tug"}, "no fork %q", "captian"))
	const want = `mage cross: no fork "captian"; did you mean captain?`
	if code := mg.ExitStatus(err); code != 2 || err.Error() != want {
		t.Errorf("%v, exit code %d, want %s and 2", err, code, want)
	}
}
