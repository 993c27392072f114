package filetree

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteListing writes the tree as ReadListing reads it: a line of mode, sum,
// size and path for each file.
func (t Tree) WriteListing(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, e := range t {
		fmt.Fprintf(b, "%s %s %d %s\n", e.Mode, e.Sum, e.Size, e.Path)
	}
	return b.Flush()
}

// ReadListing reads what WriteListing wrote, and nothing else.
func ReadListing(r io.Reader) (Tree, error) {
	var data strings.Builder
	if _, err := io.Copy(&data, r); err != nil {
		return nil, err
	}
	text := data.String()
	tree := make(Tree, 0, strings.Count(text, "\n"))
	for n := 1; text != ""; n++ {
		line, rest, whole := strings.Cut(text, "\n")
		e, err := parseEntry(line)
		switch {
		case err != nil:
		case !whole:
			err = errors.New("its end is missing")
		case len(tree) > 0 && tree[len(tree)-1].Path >= e.Path:
			err = fmt.Errorf("%q is out of order", e.Path)
		}
		if err != nil {
			return nil, fmt.Errorf("listing, line %d: %w", n, err)
		}
		tree, text = append(tree, e), rest
	}
	return tree, nil
}

func parseEntry(line string) (Entry, error) {
	mode, rest, _ := strings.Cut(line, " ")
	sum, rest, _ := strings.Cut(rest, " ")
	size, path, _ := strings.Cut(rest, " ")
	if path == "" {
		return Entry{}, errors.New("want mode, sum, size and path")
	}
	e := Entry{Path: path, Mode: Mode(mode)}
	if e.Mode != Regular && e.Mode != Executable && e.Mode != Link {
		return Entry{}, fmt.Errorf("bad mode %q", mode)
	}
	if len(sum) != hex.EncodedLen(len(e.Sum)) || strings.ContainsAny(sum, "ABCDEF") {
		return Entry{}, fmt.Errorf("bad sum %q", sum)
	}
	var digits [2 * len(e.Sum)]byte
	copy(digits[:], sum)
	if _, err := hex.Decode(e.Sum[:], digits[:]); err != nil {
		return Entry{}, fmt.Errorf("bad sum %q", sum)
	}
	var err error
	if e.Size, err = strconv.ParseInt(size, 10, 64); err != nil || e.Size < 0 || strconv.FormatInt(e.Size, 10) != size {
		return Entry{}, fmt.Errorf("bad size %q", size)
	}
	return e, nil
}
