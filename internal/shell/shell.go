// Package shell writes values into shell scripts.
//
//	fmt.Fprintf(w, "rm -rf %s\n", shell.Quote(dir))
//	fmt.Fprintf(w, "rm -rf \"$ROOT%s\"\n", shell.QuoteInside(dir))
//
// What it returns is read alike by every POSIX shell. No shell can hold a NUL byte.
package shell

import "strings"

// plain are the characters besides letters and digits that mean nothing to a
// shell wherever they stand in an argument.
const plain = "%+,-./:=@_"

// Quote returns s as one word. Text that needs no quotes is returned as it is.
func Quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func special(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune(plain, r)
}

var inside = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`")

// QuoteInside returns s as it is written between double quotes.
func QuoteInside(s string) string { return inside.Replace(s) }
