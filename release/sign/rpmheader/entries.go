package rpmheader

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// The parts of a signature header: an introduction, an index, and a store of values.
const (
	leadSize  = 96
	introSize = 16
	indexSize = 16
	// tagReserved is space that rpmbuild leaves for a signature, and tagOpenPGP the
	// signatures of rpm 6.
	tagReserved = 1008
	tagOpenPGP  = 278
	// The library counts these from its own base.
	tagPGP = 1002
	tagGPG = 1005
)

var magic = []byte{0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0}

// An entry is one value of a header.
type entry struct {
	tag, kind, count uint32
	data             []byte
}

var errHeader = errors.New("a header is cut off or damaged")

// most is how large a header may be, as rpm has it.
const most = 256 << 20

// readHeader reads a header, without padding, and checks that its values are in it.
func readHeader(f io.ReaderAt, at int64) ([]byte, error) {
	intro := make([]byte, introSize)
	if _, err := f.ReadAt(intro, at); err != nil || !bytes.HasPrefix(intro, magic) {
		return nil, errHeader
	}
	size := indexSize*uint64(binary.BigEndian.Uint32(intro[8:])) + uint64(binary.BigEndian.Uint32(intro[12:]))
	if size > most {
		return nil, errHeader
	}
	raw, err := io.ReadAll(io.NewSectionReader(f, at, introSize+int64(size)))
	if err != nil {
		return nil, err
	}
	_, err = parse(raw)
	return raw, err
}

// parse reads a header, without the region that covers a signature header.
func parse(raw []byte) ([]entry, error) {
	if len(raw) < introSize {
		return nil, errHeader
	}
	n, size := uint64(binary.BigEndian.Uint32(raw[8:])), uint64(binary.BigEndian.Uint32(raw[12:]))
	if introSize+n*indexSize+size != uint64(len(raw)) {
		return nil, errHeader
	}
	index, store := raw[introSize:introSize+n*indexSize], raw[introSize+n*indexSize:]
	var all []entry
	for row := range slices.Chunk(index, indexSize) {
		e := entry{tag: binary.BigEndian.Uint32(row), kind: binary.BigEndian.Uint32(row[4:]),
			count: binary.BigEndian.Uint32(row[12:])}
		from := uint64(binary.BigEndian.Uint32(row[8:]))
		if from > size || e.count == 0 {
			return nil, errHeader
		}
		length, ok := e.length(store[from:])
		if !ok {
			return nil, errHeader
		}
		if e.tag == rpmutils.RPMTAG_HEADERSIGNATURES {
			continue
		}
		e.data = store[from : from+length]
		all = append(all, e)
	}
	return all, nil
}

// length returns how many bytes of store the value of e takes.
func (e entry) length(store []byte) (uint64, bool) {
	var length uint64
	switch width := widths[e.kind]; {
	case width > 0:
		length = width * uint64(e.count)
	default: // texts that end with a zero
		for range e.count {
			end := bytes.IndexByte(store[length:], 0)
			if end < 0 {
				return 0, false
			}
			length += uint64(end) + 1
		}
	}
	return length, length <= uint64(len(store))
}

// widths are those of the types that are no text.
var widths = map[uint32]uint64{
	rpmutils.RPM_CHAR_TYPE: 1, rpmutils.RPM_INT8_TYPE: 1, rpmutils.RPM_INT16_TYPE: 2, rpmutils.RPM_INT32_TYPE: 4,
	rpmutils.RPM_INT64_TYPE: 8, rpmutils.RPM_BIN_TYPE: 1,
}

// withoutSignatures returns the entries that are no signature, nor space for one.
func withoutSignatures(all []entry) []entry {
	return slices.DeleteFunc(slices.Clone(all), func(e entry) bool {
		switch e.tag {
		case rpmutils.SIG_RSA, rpmutils.SIG_DSA, tagPGP, tagGPG, tagOpenPGP, tagReserved:
			return true
		}
		return false
	})
}

// encode writes a signature header with its padding: entries by tag, below a region that
// covers them.
func encode(entries []entry) []byte {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b entry) int { return cmp.Compare(a.tag, b.tag) })
	var index, store []byte
	row := func(to []byte, tag, kind uint32, offset int32, count uint32) []byte {
		to = binary.BigEndian.AppendUint32(to, tag)
		to = binary.BigEndian.AppendUint32(to, kind)
		to = binary.BigEndian.AppendUint32(to, uint32(offset))
		return binary.BigEndian.AppendUint32(to, count)
	}
	for _, e := range entries {
		if width := int(widths[e.kind]); width > 1 && len(store)%width > 0 {
			store = append(store, make([]byte, width-len(store)%width)...)
		}
		index = row(index, e.tag, e.kind, int32(len(store)), e.count)
		store = append(store, e.data...)
	}
	region := row(nil, rpmutils.RPMTAG_HEADERSIGNATURES, rpmutils.RPM_BIN_TYPE, int32(len(store)), indexSize)
	// The region's value is an index row too: its offset leads back to the first row.
	store = row(store, rpmutils.RPMTAG_HEADERSIGNATURES, rpmutils.RPM_BIN_TYPE,
		int32(-indexSize*(1+len(entries))), indexSize)
	out := bytes.Clone(magic)
	out = binary.BigEndian.AppendUint32(out, uint32(1+len(entries)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(store)))
	out = append(append(append(out, region...), index...), store...)
	return append(out, make([]byte, (8-len(out)%8)%8)...)
}
