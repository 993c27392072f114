package patches

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Binary is what git diff --binary says of a file that is not text: how to
// make the new content, and the ids that git gives the old and the new.
type Binary struct {
	OldID, NewID string // hex, whole or in part; zeros for no file
	Delta        bool   // Data is git's delta to the old content, not the content
	Data         []byte
}

// alphabet is git's base 85.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

// binary reads a binary diff from its first line on, and moves past it.
func (p *parser) binary(name string, index field) *Binary {
	ids, _, _ := strings.Cut(index.text, " ")
	b := &Binary{}
	var ok bool
	if b.OldID, b.NewID, ok = strings.Cut(ids, ".."); !ok || !isID(b.OldID) || !isID(b.NewID) {
		p.fail(p.n, "the binary diff of %s needs an index line with both ids: make it with git diff --binary", name)
	}
	p.next()
	b.Delta, b.Data = p.binaryHunk(name)
	if p.at("literal ") || p.at("delta ") { // the reverse diff, which nobody applies
		p.binaryHunk(name)
	}
	return b
}

func isID(s string) bool {
	_, err := hex.DecodeString(s + strings.Repeat("0", len(s)%2))
	return err == nil && len(s) >= 7 && len(s) <= 64
}

// binaryHunk reads "literal N" or "delta N" and the lines behind it, up to and
// with the empty one.
func (p *parser) binaryHunk(name string) (delta bool, data []byte) {
	line := p.n
	kind, size, _ := strings.Cut(strings.TrimRight(string(p.line), "\r\n"), " ")
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil || n < 0 || kind != "literal" && kind != "delta" {
		p.fail(line, "the binary diff of %s needs \"literal\" or \"delta\" and a size here", name)
	}
	var packed []byte
	for p.next(); p.err == nil && len(bytes.TrimRight(p.line, "\r\n")) > 0; p.next() {
		part, err := decode85(bytes.TrimRight(p.line, "\r\n"))
		if err != nil {
			p.fail(p.n, "the binary diff of %s is damaged: %w", name, err)
		}
		packed = append(packed, part...)
	}
	if p.err != nil {
		return false, nil
	}
	p.next()
	if data, err = inflate(packed, n); err != nil {
		p.fail(line, "the binary diff of %s is damaged: %w", name, err)
	}
	return kind == "delta", data
}

// inflate unpacks exactly n bytes.
func inflate(packed []byte, n int64) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, n+1))
	if err == nil && int64(len(data)) != n {
		err = fmt.Errorf("it does not hold the %d bytes that it says", n)
	}
	return data, err
}

// decode85 reads a line: a letter for how many bytes it holds, then five
// characters for each four of them.
func decode85(line []byte) ([]byte, error) {
	if len(line) == 0 {
		return nil, errors.New("a line is empty")
	}
	n := 0
	switch c := line[0]; {
	case c >= 'A' && c <= 'Z':
		n = int(c-'A') + 1
	case c >= 'a' && c <= 'z':
		n = int(c-'a') + 27
	}
	line = line[1:]
	if n == 0 || len(line) != (n+3)/4*5 {
		return nil, errors.New("a line is not as long as it says")
	}
	var out []byte
	for ; len(line) > 0; line = line[5:] {
		var v uint64
		for _, c := range line[:5] {
			d := strings.IndexByte(alphabet, c)
			if d < 0 {
				return nil, fmt.Errorf("%q is not a digit of base 85", c)
			}
			v = v*85 + uint64(d)
		}
		if v > 1<<32-1 {
			return nil, errors.New("five digits are more than four bytes")
		}
		out = append(out, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return out[:n], nil
}

// make returns the new content of a file, whose old content must be the one
// that the diff was made of.
func (b *Binary) make(old []byte) ([]byte, error) {
	if err := checkID(b.OldID, old); err != nil {
		return nil, fmt.Errorf("it is not the file that the binary diff was made of: %w", err)
	}
	out := b.Data
	if b.Delta {
		var err error
		if out, err = applyDelta(old, b.Data); err != nil {
			return nil, fmt.Errorf("the binary diff is damaged: %w", err)
		}
	}
	if err := checkID(b.NewID, out); err != nil {
		return nil, fmt.Errorf("the binary diff does not make what it says: %w", err)
	}
	return out, nil
}

// checkID compares content with the id, or its beginning, that git gives it.
func checkID(want string, content []byte) error {
	if strings.Trim(want, "0") == "" && len(content) == 0 {
		return nil
	}
	if got := objectID(content, len(want) > sha1.Size*2); !strings.HasPrefix(got, want) {
		return fmt.Errorf("expected git's object %s, found %s", want, got[:len(want)])
	}
	return nil
}

// objectID returns the id that git gives a file's content, in a repository with ids
// of SHA-1 or of SHA-256.
func objectID(content []byte, long bool) string {
	h := sha1.New()
	if long {
		h = sha256.New()
	}
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// errShort is the error of a delta that is cut off.
var errShort = errors.New("it ends early")

// A delta is the rest of git's delta, which says how to make content of another:
// the two sizes, then copies out of the old content and literal bytes
// (https://git-scm.com/docs/pack-format#_deltified_representation).
type delta []byte

// size takes a size off the delta, 1<<63 if there is none.
func (d *delta) size() (n uint64) {
	for shift := 0; len(*d) > 0 && shift < 63; shift += 7 {
		c := (*d)[0]
		*d = (*d)[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	return 1 << 63
}

// literal takes n bytes off the delta.
func (d *delta) literal(n int) ([]byte, error) {
	if n == 0 || len(*d) < n {
		return nil, errShort
	}
	out := (*d)[:n]
	*d = (*d)[n:]
	return out, nil
}

// span takes where a copy begins and its length off the delta. op says which
// bytes of them are there: four of the offset, three of the size.
func (d *delta) span(op byte) (at, n uint64, err error) {
	var args [7]uint64
	for i := range args {
		if op&(1<<i) == 0 {
			continue
		}
		if len(*d) == 0 {
			return 0, 0, errShort
		}
		args[i], *d = uint64((*d)[0]), (*d)[1:]
	}
	at = args[0] | args[1]<<8 | args[2]<<16 | args[3]<<24
	n = args[4] | args[5]<<8 | args[6]<<16
	if n == 0 {
		n = 1 << 16
	}
	return at, n, nil
}

// applyDelta makes content of old as the delta says.
func applyDelta(old []byte, d delta) ([]byte, error) {
	if from := d.size(); from != uint64(len(old)) {
		return nil, fmt.Errorf("it is made for %d bytes, not %d", from, len(old))
	}
	want := d.size()
	var out []byte
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		if op < 0x80 {
			part, err := d.literal(int(op))
			if err != nil {
				return nil, err
			}
			out = append(out, part...)
			continue
		}
		at, n, err := d.span(op)
		if err != nil {
			return nil, err
		}
		if at+n > uint64(len(old)) || uint64(len(out))+n > want {
			return nil, errors.New("it copies what is not there")
		}
		out = append(out, old[at:at+n]...)
	}
	if uint64(len(out)) != want {
		return nil, errShort
	}
	return out, nil
}
