package yum

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	rpmutils "github.com/sassoftware/go-rpmutils"
)

// A header is what an rpm says of itself. Its methods return nothing where it does not say it;
// the first value that cannot be read is in err.
type header struct {
	tags *rpmutils.RpmHeader
	err  error
}

func (h *header) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

// strings returns the values of a tag, as XML can hold them.
func (h *header) strings(tag int) []string {
	if !h.tags.HasTag(tag) {
		return nil
	}
	list, err := h.tags.GetStrings(tag)
	if err != nil {
		h.fail(err)
	}
	for i, s := range list {
		if list[i], err = text(s); err != nil {
			h.fail(fmt.Errorf("its header: %w", err))
		}
	}
	return list
}

// text returns s in UTF-8. Bytes that are none are taken as Latin-1, as createrepo_c does.
func text(s string) (string, error) {
	if !utf8.ValidString(s) {
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		s = string(runes)
	}
	if i := strings.IndexFunc(s, forbidden); i >= 0 {
		return s, fmt.Errorf("%q has a control character, which XML cannot hold", s)
	}
	return s, nil
}

// forbidden reports whether XML 1.0 has no such character.
func forbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// one returns the value of a tag, of several the first: that of the default language.
func (h *header) one(tag int) string {
	for _, s := range h.strings(tag) {
		return s
	}
	return ""
}

func (h *header) numbers(tag int) []uint64 {
	if !h.tags.HasTag(tag) {
		return nil
	}
	list, err := h.tags.GetUint64s(tag)
	if err != nil {
		h.fail(err)
	}
	return list
}

// number returns the value of the first of tags that the rpm has.
func (h *header) number(tags ...int) uint64 {
	for _, tag := range tags {
		for _, n := range h.numbers(tag) {
			return n
		}
	}
	return 0
}

// bytes returns the value of the first of tags that the rpm has.
func (h *header) bytes(tags ...int) []byte {
	for _, tag := range tags {
		if h.tags.HasTag(tag) {
			data, err := h.tags.GetBytes(tag)
			if err != nil {
				h.fail(err)
			}
			return data
		}
	}
	return nil
}

// even reports whether lists that belong together have the same length.
func (h *header) even(what string, lengths ...int) bool {
	if slices.Min(lengths) != slices.Max(lengths) {
		h.fail(fmt.Errorf("its header does not say the same number of things of all its %s", what))
		return false
	}
	return true
}

// The bits of a file's mode that tell its type.
const (
	typeMask = 0o170000
	typeDir  = 0o040000
)

// files returns what the rpm installs, in its order.
func (h *header) files() []file {
	dirs, of, bases := h.strings(rpmutils.DIRNAMES), h.numbers(rpmutils.DIRINDEXES), h.strings(rpmutils.BASENAMES)
	modes, flags := h.numbers(rpmutils.FILEMODES), h.numbers(rpmutils.FILEFLAGS)
	if !h.even("files", len(of), len(bases), len(modes), len(flags)) {
		return nil
	}
	files := make([]file, len(bases))
	for i, base := range bases {
		if of[i] >= uint64(len(dirs)) {
			h.fail(errors.New("its header has a file in no folder"))
			return nil
		}
		files[i].Path = dirs[of[i]] + base
		switch {
		case modes[i]&typeMask == typeDir:
			files[i].Type = "dir"
		case flags[i]&rpmutils.RPMFILE_GHOST != 0:
			files[i].Type = "ghost"
		}
	}
	return files
}

// changelogs is how many entries of a changelog metadata have.
const changelogs = 10

// changes returns the last entries of the changelog, the oldest first.
func (h *header) changes() []change {
	times, names := h.numbers(rpmutils.CHANGELOGTIME), h.strings(rpmutils.CHANGELOGNAME)
	texts := h.strings(rpmutils.CHANGELOGTEXT)
	if !h.even("changes", len(times), len(names), len(texts)) {
		return nil
	}
	var list []change
	for i := range min(len(times), changelogs) {
		list = append(list, change{Author: names[i], Date: times[i], Text: texts[i]})
	}
	slices.Reverse(list)
	return list
}
