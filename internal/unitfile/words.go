package unitfile

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Words returns the words of a value. Quotes and escapes of C are read, and
// specifiers are left as they are.
func (s Setting) Words() ([]string, error) {
	var out []string
	for rest := s.Value; ; {
		word, after, ok, err := s.word(rest)
		if err != nil || !ok {
			return out, err
		}
		out, rest = append(out, word), after
	}
}

// Names returns the words of a list of units. Their escapes are parts of their
// names.
func (s Setting) Names() []string { return strings.Fields(s.Value) }

// A Command is one of a setting such as ExecStart.
type Command struct {
	Setting
	Prefix  string // of - @ : + ! |
	Program string
	Args    []string // without the program; with specifiers and variables
}

// prefixes are what a command may have in front of its program.
const prefixes = "-@:+!|"

// Commands returns the commands of a setting, which a word that is only a semicolon
// separates.
func (s Setting) Commands() ([]Command, error) {
	var out []Command
	rest := s.Value
	for {
		word, after, ok, err := s.word(rest)
		if err != nil || !ok {
			return out, err
		}
		c := Command{Setting: s, Program: strings.TrimLeft(word, prefixes)}
		c.Prefix = strings.TrimSuffix(word, c.Program)
		if c.Program == "" {
			return nil, s.Errorf("%q is not a program", word)
		}
		if c.Args, rest, err = s.arguments(after); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}

// arguments returns the words up to a semicolon, and what is after it.
func (s Setting) arguments(rest string) (args []string, after string, err error) {
	for {
		rest = strings.TrimLeft(rest, space)
		raw := rest
		if i := strings.IndexAny(raw, space); i >= 0 {
			raw = raw[:i]
		}
		if raw == ";" {
			return args, rest[1:], nil
		}
		if raw == `\;` {
			args, rest = append(args, ";"), rest[2:]
			continue
		}
		word, next, ok, err := s.word(rest)
		if err != nil || !ok {
			return args, "", err
		}
		args, rest = append(args, word), next
	}
}

// word splits the first word off a text. It reports false if there is none.
func (s Setting) word(text string) (word, rest string, ok bool, err error) {
	text = strings.TrimLeft(text, space)
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			char, n := unescape(text[i+1:])
			b.WriteString(char)
			i += n
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(space, c) >= 0:
			return s.checked(b.String(), text[i:])
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", false, s.Errorf("a quote %c has no counterpart", quote)
	}
	if text == "" {
		return "", "", false, nil
	}
	return s.checked(b.String(), "")
}

// checked returns a word if it is one that a program can be given.
func (s Setting) checked(word, rest string) (string, string, bool, error) {
	if !utf8.ValidString(word) {
		return "", "", false, s.Errorf("%q is not UTF-8 text", word)
	}
	return word, rest, true, nil
}

// named are the escapes that are one letter.
var named = map[byte]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`, '"': `"`, '\'': "'", 's': " ",
}

// unescape returns what the text after a backslash is, and how many bytes of it are
// the escape. Like systemd, it keeps the backslash of what is no escape.
func unescape(text string) (string, int) {
	if char, n := escape(text); n > 0 {
		return char, n
	}
	_, n := utf8.DecodeRuneInString(text) // 0 at the end
	return `\` + text[:n], n
}

// escape returns the character of an escape and its length, 0 if it is none.
func escape(text string) (string, int) {
	if text == "" {
		return "", 0
	}
	if char, ok := named[text[0]]; ok {
		return char, 1
	}
	switch c := text[0]; {
	case c == 'x':
		return numbered(text, 1, 3, 16)
	case c == 'u':
		return numbered(text, 1, 5, 16)
	case c == 'U':
		return numbered(text, 1, 9, 16)
	case '0' <= c && c <= '7':
		return numbered(text, 0, 3, 8)
	}
	return "", 0
}

// numbered returns the character whose number is text[from:to]: a byte if it has
// two hexadecimal or three octal digits, else one of Unicode.
func numbered(text string, from, to, base int) (string, int) {
	if len(text) < to {
		return "", 0
	}
	n, err := strconv.ParseUint(text[from:to], base, 32)
	isByte := to == 3
	switch {
	case err != nil || n == 0 || isByte && n > 0xff || !isByte && !utf8.ValidRune(rune(n)):
		return "", 0
	case isByte:
		return string([]byte{byte(n)}), to
	}
	return string(rune(n)), to
}
