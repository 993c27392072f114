package filetree

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestListingRoundTrip(t *testing.T) {
	for name, tree := range map[string]Tree{
		"empty": nil,
		"ship":  ship(),
		"odd names": {
			entry("\tindented", Regular, "a"), entry(" leading", Regular, "b"), entry("a  b ", Link, "c"),
			entry("ends in \r", Regular, "d"), entry("ünïcode/\u2028", Executable, "e"), entry("\xff", Regular, "f"),
		},
		"a long name": {entry(strings.Repeat("folder/", 580)+"file", Regular, "far down")},
	} {
		var b bytes.Buffer
		if err := tree.WriteListing(&b); err != nil {
			t.Fatal(err)
		}
		got, err := ReadListing(bytes.NewReader(b.Bytes()))
		if err != nil || !slices.Equal(got, tree) {
			t.Errorf("%s: written and read again, the tree is %.2000q (%v), want %.2000q", name, paths(got), err, paths(tree))
		}
	}
}

func TestReadListingRefuses(t *testing.T) {
	const good = "100644 " + emptySum + " 0 a\n"
	for _, c := range []struct{ name, listing, want string }{
		{"words missing", good + "100644 " + emptySum + " 0\n", "line 2: want mode, sum, size and path"},
		{"an empty line", good + "\n", "line 2: want mode, sum, size and path"},
		{"a sum that is no hex", "100644 " + strings.Repeat("x", 64) + " 0 a\n", "line 1: bad sum"},
		{"a short sum", "100644 " + emptySum[2:] + " 0 a\n", "line 1: bad sum"},
		{"a long sum", "100644 " + emptySum + "00 0 a\n", "line 1: bad sum"},
		{"a sum in capitals", "100644 " + strings.ToUpper(emptySum) + " 0 a\n", "line 1"},
		{"a size that is no number", "100644 " + emptySum + " x a\n", "line 1: bad size"},
		{"a size below nothing", "100644 " + emptySum + " -1 a\n", "line 1: bad size"},
		{"a padded size", "100644 " + emptySum + " 00 a\n", "line 1: bad size"},
		{"a mode unheard of", "100600 " + emptySum + " 0 a\n", "line 1: bad mode"},
		{"no path", "100644 " + emptySum + " 0 \n", "line 1"},
		{"out of order", "100644 " + emptySum + " 0 b\n" + good, "line 2"},
		{"the same path twice", good + good, "line 2"},
		{"a torn last line", good + "100644 " + emptySum + " 0 b", "line 2"},
	} {
		tree, err := ReadListing(strings.NewReader(c.listing))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: ReadListing() = %v, %v, want an error that says %q", c.name, tree, err, c.want)
		}
	}
}

// FuzzReadListing holds that what ReadListing takes is what WriteListing writes: nothing is read over.
func FuzzReadListing(f *testing.F) {
	var b bytes.Buffer
	if err := ship().WriteListing(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.String())
	f.Add("")
	f.Add("100644 " + emptySum + " 0 a b\r\n120000 " + emptySum + " 0 c\n")
	f.Add("100644 " + emptySum + "ff +0 a")
	f.Fuzz(func(t *testing.T, listing string) {
		tree, err := ReadListing(strings.NewReader(listing))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := tree.WriteListing(&again); err != nil {
			t.Fatal(err)
		}
		if again.String() != listing {
			t.Errorf("ReadListing takes %q, which WriteListing writes as %q", listing, again.String())
		}
	})
}
