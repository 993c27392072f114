package contents

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/cavaliergopher/cpio"
)

// The bounds of a header of an rpm: those of rpm itself, with a far smaller size than its
// 256 MiB. A package of 10,000 files has about 2 MiB.
const (
	maxTags   = 0xffff
	maxHeader = 16 << 20
	maxFiles  = 1 << 20
)

// rpm walks an rpm: the fields of its lead, its signature and its header, then the files of
// its payload, with their owners as the header names them. See
// https://rpm-software-management.github.io/rpm/manual/format_v4.html.
func (w *walker) rpm(r io.Reader) error {
	lead := make([]byte, 96)
	if _, err := io.ReadFull(r, lead); err != nil || !bytes.HasPrefix(lead, []byte{0xed, 0xab, 0xee, 0xdb}) {
		return errors.New("it is not an rpm: it does not begin as one")
	}
	err := w.give(Member{Part: "lead", Name: "lead", Type: Field, Size: 96, Reader: bytes.NewReader(lead)})
	if err != nil {
		return err
	}
	if _, err = w.rpmHeader(r, "signature", 8); err != nil {
		return err
	}
	h, err := w.rpmHeader(r, "header", 1)
	if err != nil {
		return err
	}
	return within("payload", w.payload(r, h))
}

// rpmHeader gives each field of one header, and returns the header. The signature's is
// padded to 8 bytes.
//
// The header is parsed here: go-rpmutils lists no tags, and indexes into what an offset
// says without looking.
func (w *walker) rpmHeader(r io.Reader, part string, align int) (rpmHeader, error) {
	h, err := readHeader(r, align)
	if err != nil {
		return h, within(part, err)
	}
	size := 0
	for _, tag := range h.tags {
		data := h.text(tag)
		// Four digits and a line break for a byte are the most that honest tags have.
		if size += len(data); size > 5*len(h.data) {
			return h, within(part, errors.New("its tags overlap"))
		}
		m := Member{Part: part, Name: tagName(part, tag.id), Type: Field, Size: int64(len(data)),
			Reader: bytes.NewReader(data)}
		if err := w.give(m); err != nil {
			return h, err
		}
	}
	return h, nil
}

// An rpmHeader is a header's tags, in their order, and the data that they point into.
type rpmHeader struct {
	tags []rpmTag
	data []byte
}

type rpmTag struct{ id, kind, at, count uint32 }

func readHeader(r io.Reader, align int) (rpmHeader, error) {
	var intro struct{ Magic, Reserved, Tags, Size uint32 }
	if err := binary.Read(r, binary.BigEndian, &intro); err != nil {
		return rpmHeader{}, err
	}
	if intro.Magic != 0x8eade801 {
		return rpmHeader{}, errors.New("it does not begin as a header of an rpm")
	}
	if intro.Tags > maxTags || intro.Size > maxHeader {
		return rpmHeader{}, &LimitError{"bytes of a header", maxHeader}
	}
	index := make([]byte, 16*intro.Tags)
	size := (int(intro.Size) + align - 1) / align * align
	h := rpmHeader{data: make([]byte, size)}
	if _, err := io.ReadFull(r, index); err != nil {
		return h, err
	}
	if _, err := io.ReadFull(r, h.data); err != nil {
		return h, err
	}
	for ; len(index) > 0; index = index[16:] {
		word := func(i int) uint32 { return binary.BigEndian.Uint32(index[4*i:]) }
		tag := rpmTag{word(0), word(1), word(2), word(3)}
		if tag.at > uint32(len(h.data)) || tag.count > uint32(len(h.data)) {
			return h, fmt.Errorf("tag %d leads out of the header", tag.id)
		}
		h.tags = append(h.tags, tag)
	}
	return h, nil
}

// strings returns the values of a tag of strings.
func (h rpmHeader) strings(t rpmTag) []string {
	if t.count == 0 {
		return nil
	}
	return strings.SplitN(string(h.bytes(t)), "\x00", maxFiles)
}

// bytes returns what in the data is of a tag: of strings, without the last one's end.
func (h rpmHeader) bytes(t rpmTag) []byte {
	data := h.data[t.at:]
	switch width := t.width(); {
	case width > 0:
		return data[:min(uint64(t.count)*uint64(width), uint64(len(data)))]
	default:
		end := -1
		for n := t.count; n > 0; n-- {
			next := bytes.IndexByte(data[end+1:], 0)
			if next < 0 {
				return data
			}
			end += next + 1
		}
		return data[:max(end, 0)]
	}
}

// width returns how many bytes an element of a tag has; 0 where it is a string.
func (t rpmTag) width() uint32 {
	switch t.kind {
	case 3: // int16
		return 2
	case 4: // int32
		return 4
	case 5: // int64
		return 8
	case 6, 8, 9: // string, string array, translated string
		return 0
	}
	return 1 // char, int8, bytes
}

// text returns the value of a tag, an element a line. Bytes are in hexadecimal.
func (h rpmHeader) text(t rpmTag) []byte {
	data, width := h.bytes(t), int(t.width())
	switch {
	case width == 0:
		return bytes.ReplaceAll(data, []byte{0}, []byte{'\n'})
	case t.kind < 1 || t.kind > 5:
		return hex.AppendEncode(nil, data)
	}
	var out []byte
	for ; len(data) >= width; data = data[width:] {
		if len(out) > 0 {
			out = append(out, '\n')
		}
		out = strconv.AppendUint(out, number(data[:width]), 10)
	}
	return out
}

// number returns a number in network byte order.
func number(data []byte) uint64 {
	var n uint64
	for _, b := range data {
		n = n<<8 | uint64(b)
	}
	return n
}

// find returns the tag of a number; of one that is missing, an empty one.
func (h rpmHeader) find(id uint32) rpmTag {
	i := slices.IndexFunc(h.tags, func(t rpmTag) bool { return t.id == id })
	if i < 0 {
		return rpmTag{}
	}
	return h.tags[i]
}

// An owner is who owns a file of an rpm, by name.
type owner struct{ user, group, caps string }

// owners returns the owners of the files by their clean paths.
func (h rpmHeader) owners() map[string]owner {
	dirs, of := h.strings(h.find(1118)), h.bytes(h.find(1116)) // dirnames, dirindexes
	users, groups, caps := h.strings(h.find(1039)), h.strings(h.find(1040)), h.strings(h.find(5010))
	at := func(list []string, i int) string {
		if i < len(list) {
			return list[i]
		}
		return ""
	}
	out := map[string]owner{}
	for i, base := range h.strings(h.find(1117)) { // basenames
		if len(of) < 4*i+4 {
			break
		}
		dir := at(dirs, int(number(of[4*i:4*i+4])))
		out[path.Join("/", dir, base)] = owner{at(users, i), at(groups, i), at(caps, i)}
	}
	return out
}

// payload walks the cpio archive after the headers.
func (w *walker) payload(r io.Reader, h rpmHeader) error {
	in, free, err := w.decompress(r)
	if err != nil {
		return err
	}
	defer free()
	owners, last := h.owners(), ""
	for c := cpio.NewReader(in); ; {
		e, err := c.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, in)
			return err
		}
		if err == nil && e.Size < 0 {
			err = fmt.Errorf("%s: its size is %d", e.Name, e.Size)
		}
		if err != nil {
			return after(last, err)
		}
		last = e.Name
		if err := w.give(cpioMember(e, owners, c)); err != nil {
			return within(e.Name, err)
		}
	}
}

func cpioMember(e *cpio.Header, owners map[string]owner, r io.Reader) Member {
	m := Member{
		Part: "payload", Name: e.Name, Type: Special, Mode: int64(e.Mode & 0o7777), UID: e.Uid, GID: e.Guid,
		Time: e.ModTime.UTC(), Link: e.Linkname,
	}
	o := owners[path.Join("/", e.Name)]
	m.User, m.Group = o.user, o.group
	if o.caps != "" {
		m.Attrs = map[string]string{"capabilities": o.caps}
	}
	switch e.Mode &^ 0o7777 {
	case cpio.TypeReg:
		m.Type, m.Size, m.Reader = Regular, e.Size, r
	case cpio.TypeDir:
		m.Type = Dir
	case cpio.TypeSymlink:
		m.Type = Symlink
	}
	return m
}
