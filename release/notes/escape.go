package notes

import (
	"net/url"
	"strings"
	"unicode"
)

// marks are the characters that mean something to Markdown within a line, as GitHub and
// GitLab read it. Characters that do so at the beginning of one are not among them:
// what others wrote is never there.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`,
	"$", `\$`, "!", `\!`, "#", `\#`, "&", "&amp;", "<", "&lt;", ">", "&gt;")

// plain returns text that others wrote as one line that shows as it is.
func plain(s string) string { return marks.Replace(oneLine(s)) }

// oneLine returns text without line ends, and without characters that show as nothing or
// turn the direction of others.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

// code returns text as code, between more backticks than it has.
func code(s string) string {
	s = strings.ReplaceAll(oneLine(s), "|", `\|`) // a table's cell ends there, in code too
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// link returns a link. The address is a URL that parses.
func link(text, to string) string {
	return "[" + plain(text) + "](<" + address.Replace(to) + ">)"
}

// address are the characters that end the address of a link, or mean something in it.
var address = strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", "|", "%7C", "&", "&amp;", " ", "%20", "`", "%60")

// linked returns text in which the words that are web addresses are links.
func linked(s string) string {
	words := strings.Fields(oneLine(s))
	for i, word := range words {
		u, err := url.Parse(word)
		if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			words[i] = link(word, u.String())
		} else {
			words[i] = plain(word)
		}
	}
	return strings.Join(words, " ")
}
