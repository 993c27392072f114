package unitfile

import "strings"

// A Piece is a part of a word.
type Piece struct {
	Kind Kind
	Text string // the text, or the name of the variable
}

// A Kind is what a Piece is.
type Kind int

// The kinds of pieces.
const (
	Text     Kind = iota
	Variable      // replaced by its value
	Words         // the whole word: replaced by the words of the variable's value
)

// Text returns a word with its specifiers replaced. specifiers maps each letter
// that is known to its value.
func (s Setting) Text(word string, specifiers map[byte]string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		if word[i] != '%' || i+1 == len(word) {
			b.WriteByte(word[i])
			continue
		}
		i++
		value, known := specifiers[word[i]]
		switch {
		case word[i] == '%':
			value = "%"
		case !known:
			return "", s.Errorf("the specifier %%%c has no value outside systemd: write its value, or %%%% for a percent sign",
				word[i])
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// Pieces returns an argument of the command, whose specifiers are replaced, in its
// parts: ${NAME} anywhere is a variable, $NAME is one only where it is all of the
// argument, and $$ is a dollar sign.
func (c Command) Pieces(arg string) ([]Piece, error) {
	if strings.Contains(c.Prefix, ":") {
		return []Piece{{Text, arg}}, nil
	}
	if len(arg) > 0 && arg[0] == '$' && !strings.HasPrefix(arg, "${") && !strings.HasPrefix(arg, "$$") {
		name, err := c.variable(arg, arg[1:])
		return []Piece{{Words, name}}, err
	}
	var out []Piece
	text := ""
	for rest := arg; rest != ""; {
		before, after, found := strings.Cut(rest, "$")
		text += before
		rest = after
		name, behind, closed := strings.Cut(strings.TrimPrefix(after, "{"), "}")
		switch {
		case !found:
		case strings.HasPrefix(after, "$"):
			text, rest = text+"$", after[1:]
		case !strings.HasPrefix(after, "{") || !closed:
			text += "$"
		default:
			name, err := c.variable(arg, name)
			if err != nil {
				return nil, err
			}
			out, text, rest = append(out, Piece{Text, text}, Piece{Variable, name}), "", behind
		}
	}
	return append(out, Piece{Text, text}), nil
}

// variable returns the name of a variable, if it is one.
func (c Command) variable(arg, name string) (string, error) {
	if !IsVariable(name) {
		return "", c.Errorf("%s: %q is not the name of a variable: write $$ for a dollar sign", arg, name)
	}
	return name, nil
}

// IsVariable reports whether a variable of the environment can have the name.
func IsVariable(name string) bool {
	notIn := func(r rune) bool {
		return r != '_' && (r < 'A' || 'Z' < r) && (r < 'a' || 'z' < r) && (r < '0' || '9' < r)
	}
	return name != "" && !strings.ContainsFunc(name, notIn) && (name[0] < '0' || '9' < name[0])
}
