package rpmheader

import (
	"bytes"
	"encoding/binary"
	"testing"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// sample is a signature header of one value of each width.
func sample() []entry {
	return []entry{
		{tag: rpmutils.SIG_SHA1, kind: rpmutils.RPM_STRING_TYPE, count: 1, data: []byte("abc\x00")},
		{tag: 300, kind: rpmutils.RPM_STRING_ARRAY_TYPE, count: 2, data: []byte("a\x00b\x00")},
		{tag: 301, kind: rpmutils.RPM_INT16_TYPE, count: 1, data: []byte{1, 2}},
		{tag: 302, kind: rpmutils.RPM_BIN_TYPE, count: 3, data: []byte{1, 2, 3}},
		{tag: 1000, kind: rpmutils.RPM_INT32_TYPE, count: 1, data: []byte{1, 2, 3, 4}},
		{tag: 1009, kind: rpmutils.RPM_INT64_TYPE, count: 1, data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	}
}

// trimmed is a header without its padding.
func trimmed(raw []byte) []byte {
	n, size := binary.BigEndian.Uint32(raw[8:]), binary.BigEndian.Uint32(raw[12:])
	return raw[:introSize+indexSize*n+size]
}

func TestEncode(t *testing.T) {
	raw := encode(sample())
	if len(raw)%8 != 0 {
		t.Errorf("it is %d bytes, want a multiple of 8", len(raw))
	}
	all, err := parse(trimmed(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(all); !bytes.Equal(got, raw) {
		t.Errorf("read and written again it is\n%x\nwant\n%x", got, raw)
	}
	signed := append(sample(),
		entry{tag: rpmutils.SIG_RSA, kind: rpmutils.RPM_BIN_TYPE, count: 5, data: []byte("12345")},
		entry{tag: tagPGP, kind: rpmutils.RPM_BIN_TYPE, count: 1, data: []byte("1")},
		entry{tag: tagReserved, kind: rpmutils.RPM_BIN_TYPE, count: 1, data: []byte{0}})
	if got := encode(withoutSignatures(signed)); !bytes.Equal(got, raw) {
		t.Error("without signatures it differs from what was never signed")
	}
}

// TestDamaged holds that no header makes the readers look outside of it.
func TestDamaged(t *testing.T) {
	good := trimmed(encode(sample()))
	row := func(n, field int) int { return introSize + n*indexSize + 4*field }
	for name, c := range map[string]struct {
		at    int
		value uint32
	}{
		"other magic":            {0, 0},
		"more rows":              {8, 8},
		"rows without end":       {8, 0xffffffff},
		"a larger store":         {12, 0xffffff},
		"a negative offset":      {row(1, 2), 0xfffffff0},
		"an offset past the end": {row(1, 2), 1 << 20},
		"a count past the end":   {row(6, 3), 1 << 20},
		"no value":               {row(1, 3), 0},
		"a negative count":       {row(6, 3), 0xffffffff},
		"texts past the end":     {row(2, 3), 1 << 20},
		"the region, elsewhere":  {row(0, 2), 0xfffffff0},
	} {
		bad := bytes.Clone(good)
		binary.BigEndian.PutUint32(bad[c.at:], c.value)
		if _, err := readHeader(bytes.NewReader(bad), 0); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	for n := range good {
		if _, err := readHeader(bytes.NewReader(good[:n]), 0); err == nil {
			t.Errorf("its first %d bytes were read", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(trimmed(encode(sample())))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if all, err := parse(raw); err == nil {
			if _, err := parse(trimmed(encode(all))); err != nil {
				t.Errorf("what was read and written cannot be read: %v", err)
			}
		}
	})
}
