package patches

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// settle decides what only the tree shows of diffs: whether a plain one makes a file
// or changes it; and, of those in which each line, header lines too, ends with a
// carriage return, whether the files have these or only the patch, for mails and
// editors put them there. git apply takes such a patch as it is; git am and patch
// take the carriage returns off.
func (s *step) settle(diffs []FileDiff) error {
	kept, taken := false, false
	open := []int{} // diffs that don't show it
	for i, d := range diffs {
		if d.other == "" && d.addsAll() && s.tree.mode(d.Old) == "" {
			d.Old, diffs[i].Old = "", "" // diff -N says nothing else of it
		}
		if !d.dos {
			continue
		}
		before, err := s.met(d)
		switch {
		case err != nil:
			return err
		case before != nil && len(before.lines) > 0 && d.returnsIn(before.lines):
			kept = true
		case before != nil && len(before.lines) > 0, d.makesID(d.withoutReturns()):
			diffs[i], taken = d.withoutReturns(), true
		case d.makesID(d):
			kept = true
		default:
			open = append(open, i)
		}
	}
	for _, i := range open {
		d := diffs[i]
		switch {
		case kept && !taken:
		case d.encoded && !taken:
			// git am takes off those of the mail, but not those that are encoded in it.
			return s.refuse(d, "%s is made by an encoded mail whose lines all end with a carriage return, "+
				"and whether the file has them is not to be seen: save the patch as plain text", cmp.Or(d.New, d.Old))
		default:
			diffs[i] = d.withoutReturns()
		}
	}
	return nil
}

// met returns the file that d changes, nil if there is none.
func (s *step) met(d FileDiff) (*file, error) {
	if d.Old == "" {
		return nil, nil
	}
	return s.tree.read(d.Old)
}

// returnsIn reports whether d is meant for lines with a carriage return at their end.
func (d FileDiff) returnsIn(lines [][]byte) bool {
	first := bytes.HasSuffix(lines[0], []byte("\r\n"))
	if slices.ContainsFunc(d.Hunks, func(h Hunk) bool { return h.OldLines == 0 }) {
		return first // such a hunk fits in any file
	}
	if _, _, conflict := d.lay(lines); conflict == nil {
		return true
	}
	_, _, conflict := d.withoutReturns().lay(lines)
	return conflict != nil && first
}

// addsAll reports whether the diff can be of a file that it makes.
func (d FileDiff) addsAll() bool {
	return d.Old == d.New && d.OldMode == "" && len(d.Hunks) == 1 && d.Hunks[0].OldStart == 0 && d.Hunks[0].OldLines == 0
}

// makesID reports whether a diff that makes a file makes the one that the index line
// of d says.
func (d FileDiff) makesID(as FileDiff) bool {
	_, to, ok := strings.Cut(d.Index, "..")
	lines, _, conflict := as.lay(nil)
	if !ok || !isID(to) || conflict != nil {
		return false
	}
	content := bytes.Join(lines, nil)
	return strings.HasPrefix(objectID(content, len(to) > 40), to)
}

// withoutReturns returns d with the lines that the patch had before it got its
// carriage returns.
func (d FileDiff) withoutReturns() FileDiff {
	d.dos, d.returned = false, true
	d.Hunks = slices.Clone(d.Hunks)
	for i, h := range d.Hunks {
		lines := slices.Clone(h.Lines)
		for j, l := range lines {
			text, ended := bytes.CutSuffix(l.Text, []byte("\n"))
			text = bytes.TrimSuffix(text, []byte("\r"))
			if ended {
				text = append(slices.Clip(text), '\n')
			}
			lines[j].Text = text
		}
		d.Hunks[i].Lines = lines
	}
	return d
}

// checkIndex compares what a text diff makes with the id that its index line has
// for it. That says something only of the file that the diff was made of: a patch
// that was moved to another base keeps its old line, and is right. Where the file
// is that one, another result means that the diff was damaged on its way, or edited
// by hand. People do that and leave the line behind, and no tool minds, so it is
// told, and patches:lock pins what its user has seen. But if it took decoding to
// read the diff, or taking carriage returns off, and the ids are whole, it is
// refused: then what was read is not what was sent, and a wrong tree is worse than
// a patch to mend. So is a commit that was taken from its repository. A binary diff
// is held to its ids whatever they are.
func (s *step) checkIndex(d FileDiff, before, after *file) error {
	from, to, ok := strings.Cut(d.Index, "..")
	if !ok || !isID(from) || !isID(to) || d.New == "" || strings.Trim(to, "0") == "" {
		return nil
	}
	content := after.content()
	odd := Oddity{Patch: s.patch, File: d.New, Want: to}
	for _, long := range []bool{false, true} {
		if long != (len(from) > 40) && len(from) >= 40 {
			continue
		}
		made := strings.Trim(from, "0") == "" && d.Old == ""
		if !made && !strings.HasPrefix(objectID(before.content(), long), from) {
			continue
		}
		got := objectID(content, long)
		if strings.HasPrefix(got, to) {
			return nil
		}
		odd.Got = cmp.Or(odd.Got, got[:len(to)])
	}
	switch {
	case odd.Got == "":
		return nil
	case d.carried:
		return s.refuse(d, "%s becomes another file than in the commit: expected git's object %s, found %s",
			cmp.Or(d.New, d.Old), to, odd.Got)
	case len(to) >= 40 && (d.encoded || d.returned):
		return s.refuse(d, "%s is the file that the patch was made of, but becomes git's object %s instead of %s, "+
			"which its index line says: the patch was damaged on its way; get it anew, "+
			"or remove the index line to have it as it is", d.New, odd.Got, to)
	}
	s.odd = append(s.odd, odd)
	return nil
}
