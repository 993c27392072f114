package deb

import (
	"regexp"
	"strings"
)

// field writes a field of a control file. Its further lines begin with a blank, and an
// empty one is a full stop. A line that begins with a full stop gets a second blank:
// without it the line would have a meaning of its own.
func field(name, value string) string {
	first, rest, _ := strings.Cut(strings.TrimRight(value, "\n"), "\n")
	var b strings.Builder
	b.WriteString(name + ": " + strings.TrimSpace(first) + "\n")
	for line := range strings.SplitSeq(rest, "\n") {
		switch line = strings.TrimRight(line, " \t\r\f"); {
		case line == "" && rest == "":
		case line == "":
			b.WriteString(" .\n")
		case line[0] == '.':
			b.WriteString("  " + line + "\n")
		default:
			b.WriteString(" " + line + "\n")
		}
	}
	return b.String()
}

// phrase matches a name that may be before an address as it is: words that have none of
// RFC 5322's special characters, or are quoted. Debian takes full stops and parentheses
// in them.
var phrase = regexp.MustCompile(`^` + phraseWord + `( +` + phraseWord + `)*$`)

const phraseWord = `([^()<>\[\]:;@\\,"\s]+|\([^()\\]*\)|"([^"\\]|\\.)*")`

// mailbox quotes the name of a maintainer where a reader would take it for something
// else, such as for two maintainers where it has a comma.
func mailbox(maintainer string) string {
	at := strings.LastIndex(maintainer, " <")
	if at < 0 || phrase.MatchString(maintainer[:at]) {
		return maintainer
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(maintainer[:at]) + `"` + maintainer[at:]
}
