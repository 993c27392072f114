package openpgp

import (
	"bytes"
	"context"
	"crypto"
	"slices"
	"strings"
	"time"
)

// Clear returns text with a cleartext signature by all keys: the text as it is, but for the
// "- " before a line that begins with a dash.
func Clear(ctx context.Context, by []Key, text []byte, date time.Time) ([]byte, error) {
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(bytes.Clone(text), '\n')
	}
	sigs, err := signatures(ctx, by, canonical(text), true, date)
	if err != nil {
		return nil, err
	}
	asc, err := armored(sigs)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("-----BEGIN PGP SIGNED MESSAGE-----\nHash: " + hashNames(by) + "\n\n")
	for line := range bytes.Lines(text) {
		if line[0] == '-' {
			out.WriteString("- ")
		}
		out.Write(line)
	}
	out.Write(asc)
	return out.Bytes(), nil
}

// canonical returns what a cleartext signature is made over: lines without trailing blanks,
// CRLF between them, and none after the last.
func canonical(text []byte) []byte {
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimRight(line, " \t\r")
	}
	return bytes.Join(lines, []byte("\r\n"))
}

// hashNames returns the hashes that the signatures use, as the header wants them.
func hashNames(by []Key) string {
	names := map[crypto.Hash]string{crypto.SHA256: "SHA256", crypto.SHA384: "SHA384", crypto.SHA512: "SHA512"}
	var used []string
	for _, k := range by {
		if p, ok := k.part(); ok {
			used = append(used, names[hashFor(p.key)])
		}
	}
	slices.Sort(used)
	return strings.Join(slices.Compact(used), ",")
}
