// Package envfile reads and writes the files of variables that systemd reads for
// EnvironmentFile= (systemd.exec(5)), and splits a value into the words that a unit's
// command gets for $NAME (systemd.service(5)).
//
//	data = envfile.Set(data, "BOSUN_ARGS", "--cost=$5")
//	for _, v := range envfile.Parse(data) {
//		words, err := envfile.Words(v.Value)
//		…
//	}
//
// What Set writes is read alike by systemd and by shells, which OpenRC has read the
// same files.
package envfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipway-build/slipway/internal/shell"
)

// space is what separates words, and newline what ends lines.
const (
	space   = " \t\n\r"
	newline = "\n\r"
)

// A Variable is an assignment of a file. Of several to one name the last counts.
type Variable struct {
	Name, Value string

	from, to int // where it is in the file
}

// Parse returns the variables that a file sets, in its order. As systemd does, it
// skips what is no assignment.
func Parse(data []byte) []Variable {
	var out []Variable
	for r := (reader{text: string(data)}); r.skip(space); {
		if strings.IndexByte("#;", r.text[r.at]) >= 0 {
			r.comment()
			continue
		}
		v := Variable{from: r.at}
		key, ok := r.key()
		if !ok {
			continue
		}
		v.Name, v.Value, v.to = key, r.value(), r.at
		if validName(v.Name) && utf8.ValidString(v.Value) {
			out = append(out, v)
		}
	}
	return out
}

// Set returns a file in which each assignment to a name has another value.
func Set(data []byte, name, value string) []byte {
	var out []byte
	at := 0
	for _, v := range Parse(data) {
		if v.Name == name {
			out = append(out, data[at:v.from]...)
			out = append(out, name+"="+quote(value)...)
			at = v.to
		}
	}
	return append(out, data[at:]...)
}

// quote returns a value as it is written behind NAME=. Between double quotes,
// systemd and shells unescape the same characters.
func quote(value string) string { return `"` + shell.QuoteInside(value) + `"` }

// CheckValue returns what is wrong with a value that no file can hold.
func CheckValue(value string) error {
	if !utf8.ValidString(value) {
		return fmt.Errorf("%q is not UTF-8 text", value)
	}
	for _, r := range value {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return fmt.Errorf("%q has the control character %q, which a file of variables cannot hold", value, r)
		}
		if unicode.Is(unicode.Noncharacter_Code_Point, r) {
			return fmt.Errorf("%q has %U, which is not a character: systemd would not start the service", value, r)
		}
	}
	return nil
}

func validName(name string) bool {
	other := func(r rune) bool {
		return r != '_' && (r < '0' || '9' < r) && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r)
	}
	return name != "" && !strings.ContainsFunc(name, other) && (name[0] < '0' || '9' < name[0])
}

// A Word is a word of a value.
type Word struct {
	Text string // without quotes and escapes
	Raw  string // as it is in the value
}

// Words returns the words of a value: it is split at white space that is not in
// quotes, and a backslash escapes a character. A quote without a counterpart, which
// systemd reads to the end and shells refuse, is an error.
func Words(value string) ([]string, error) {
	var out []string
	words, err := Split(value)
	for _, w := range words {
		out = append(out, w.Text)
	}
	return out, err
}

// Split returns the words of a value as Words does, also as they are written.
func Split(value string) ([]Word, error) {
	var out []Word
	word, from, quote := []byte(nil), -1, byte(0)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if quote == 0 && strings.IndexByte(space, c) >= 0 {
			if from >= 0 {
				out, word, from = append(out, Word{string(word), value[from:i]}), nil, -1
			}
			continue
		}
		if from < 0 {
			from = i
		}
		switch {
		case c == '\\' && i+1 == len(value):
			return nil, errors.New("it ends with a backslash: write two for one")
		case c == '\\':
			i++
			word = append(word, value[i])
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote && quote != 0:
			quote = 0
		default:
			word = append(word, c)
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c has no counterpart: write \\%[1]c if it is a part of the word", quote)
	}
	if from >= 0 {
		out = append(out, Word{string(word), value[from:]})
	}
	return out, nil
}
