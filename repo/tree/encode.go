package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// schema is the version of the form of listings and bundles.
const schema = 1

// largest is how long a listing or a bundle may be, uncompressed: some millions of entries.
const largest = 1 << 30

type listing struct {
	Schema int     `json:"schema"`
	Files  []Entry `json:"files"`
}

type bundle struct {
	Schema int               `json:"schema"`
	Files  map[string][]byte `json:"files"`
}

// EncodeListing returns entries as a compressed listing, sorted as files are published. The same
// entries are always the same bytes.
func EncodeListing(entries []Entry) ([]byte, error) {
	l := listing{Schema: schema, Files: slices.Clone(entries)}
	slices.SortFunc(l.Files, Compare)
	if err := checkEntries(l.Files); err != nil {
		return nil, err
	}
	return encode(l)
}

// DecodeListing reads a listing. What it returns can be trusted to name files of a repository: its
// paths are below the root, and there is one entry for each.
func DecodeListing(data []byte) ([]Entry, error) {
	var l listing
	if err := decode(data, &l); err != nil {
		return nil, err
	}
	if l.Schema != schema {
		return nil, fmt.Errorf("its schema is %d, and this version reads %d", l.Schema, schema)
	}
	return l.Files, checkEntries(l.Files)
}

// EncodeCommits returns the content of the Commit files among files, compressed: all that is
// needed to replace them. An alias is left out, for its content is in the repository.
func EncodeCommits(files []File) ([]byte, error) {
	b := bundle{Schema: schema, Files: map[string][]byte{}}
	for _, f := range files {
		if f.Class != Commit || f.Alias != "" {
			continue
		}
		data, err := f.Bytes()
		if err != nil {
			return nil, err
		}
		b.Files[f.Path] = data
	}
	return encode(b)
}

// DecodeCommits reads what EncodeCommits wrote: the content of files by their paths.
func DecodeCommits(data []byte) (map[string][]byte, error) {
	var b bundle
	if err := decode(data, &b); err != nil {
		return nil, err
	}
	if b.Schema != schema {
		return nil, fmt.Errorf("its schema is %d, and this version reads %d", b.Schema, schema)
	}
	return b.Files, nil
}

// Bytes returns the content of a file that has some, after comparing it with its digest.
func (f File) Bytes() ([]byte, error) {
	out := bytes.NewBuffer([]byte{}) // an empty file has content
	err := f.CopyTo(out)
	return out.Bytes(), err
}

// CopyTo writes the content of a file that has some, and returns an error if it is not what the
// entry says.
func (f File) CopyTo(w io.Writer) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, digest), r)
	if err != nil {
		return fmt.Errorf("copying %s: %w", f.Path, err)
	}
	return f.Matches(size, hex.EncodeToString(digest.Sum(nil)))
}

// Matches returns a *MismatchError unless content of this size and SHA-256 is the entry's.
func (e Entry) Matches(size int64, digest string) error {
	if size == e.Size && digest == e.SHA256 {
		return nil
	}
	return &MismatchError{Entry: e, Size: size, SHA256: digest}
}

// A MismatchError is content that is not what its entry says.
type MismatchError struct {
	Entry  Entry
	Size   int64
	SHA256 string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s was to be %d bytes with sha256:%s, and is %d bytes with sha256:%s", e.Entry.Path, e.Entry.Size,
		e.Entry.SHA256, e.Size, e.SHA256)
}

func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(zip).Encode(value), zip.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func decode(data []byte, value any) error {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("it cannot be uncompressed: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(zip, largest+1))
	switch {
	case err != nil:
		return fmt.Errorf("it cannot be uncompressed: %w", err)
	case len(plain) > largest:
		return fmt.Errorf("it is more than %d bytes long", largest)
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("it is not the JSON that it should be: %w", err)
	}
	return nil
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func checkEntries(entries []Entry) error {
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		if err := e.Check(); err != nil {
			return err
		}
		if seen[e.Path] {
			return fmt.Errorf("%s is listed twice", e.Path)
		}
		seen[e.Path] = true
	}
	return nil
}

// Check returns an error if e cannot be the entry of a repository's file.
func (e Entry) Check() error {
	switch {
	case !validPath(e.Path):
		return fmt.Errorf("%q is not a path of a file in a repository", e.Path)
	case e.Alias != "" && !validPath(e.Alias):
		return fmt.Errorf("%s is listed as a copy of %q, which is not a path of a file in a repository", e.Path, e.Alias)
	case e.Class.rank() < 0:
		return fmt.Errorf("%s has the unknown class %q", e.Path, e.Class)
	case e.Class == Index && e.Alias == "":
		return fmt.Errorf("%s is an index without content that it is a copy of", e.Path)
	case e.Size < 0 || !digestForm.MatchString(e.SHA256):
		return fmt.Errorf("%s is listed with the size %d and the SHA-256 %q", e.Path, e.Size, e.SHA256)
	case e.Until == "":
		return nil
	}
	if _, err := time.Parse(time.RFC3339, e.Until); err != nil {
		return fmt.Errorf("%s is listed until %q, which is not a time such as 2006-01-02T15:04:05Z", e.Path, e.Until)
	}
	return nil
}

// validPath refuses what a target could take for something else: steps upwards, and line ends.
func validPath(path string) bool {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	return fs.ValidPath(path) && path != "." && !strings.ContainsFunc(path, control)
}
