#!/bin/sh
# Merges the options of a service in layers. DEFAULTS is the package's file, which an
# upgrade replaces. CHANGES is the operator's, which need not exist, and has no more than
# what differs. Both are read as systemd reads EnvironmentFile=.
#
#   NAME-options DEFAULTS CHANGES RESULT
#	writes to RESULT the variables whose names end in _ARGS and that are in both files:
#	  --flag=value  adds a flag, or replaces all of its name
#	  !--flag       removes the flags of the name
#	Of any other variable, systemd takes the one that it reads last.
#
#   NAME-options --takeover FORMER EDITED
#	prints the CHANGES that make EDITED of FORMER, an earlier package's defaults.
set -eu
umask 022
export LC_ALL=C
mode=merge
case ${1:-} in
--takeover)
	mode=takeover
	shift
	;;
esac
if [ "$mode $#" != "merge 3" ] && [ "$mode $#" != "takeover 2" ]; then
	echo "usage: $0 DEFAULTS CHANGES RESULT, or $0 --takeover FORMER EDITED" >&2
	exit 2
fi
# shellcheck disable=SC2016 # the program is awk's
program='
function fail(line, text) {
	if (lenient) {
		bad = 1
		return
	}
	print file ":" line ": " text | "cat >&2"
	close("cat >&2")
	status = 78
	exit status
}

# slurp returns the text of a file: none if there is no file.
function slurp(name,   text, line) {
	text = ""
	while ((getline line < name) > 0) {
		sub(/\r$/, "", line)
		text = text line "\n"
	}
	if (name != "/dev/stdin") # which mawk 1.3.4 cannot close
		close(name)
	return text
}

function add(c) {
	value = value c
	lines[++size] = line
}

# quoted reads a part in quotes, behind the first.
function quoted(q,   from, c) {
	from = line
	while (at <= length(text)) {
		c = substr(text, at++, 1)
		if (c == q)
			return
		if (q == "\"" && c == "\\") {
			c = substr(text, at++, 1)
			if (c == "\n") {
				line++
				continue
			}
			if (index("\"\\`$", c) == 0)
				add("\\")
		}
		add(c)
		if (c == "\n")
			line++
	}
	fail(from, "the quote " q " has no counterpart: write one at the end of the value")
}

# plain reads a part without quotes, and the rest of its line with it.
function plain(   c, keep) {
	keep = size
	while (at <= length(text) && (c = substr(text, at, 1)) != "\n") {
		at++
		if (c == "\\") {
			c = substr(text, at++, 1)
			if (c == "\n")
				line++
			else
				add(c)
			keep = size
			continue
		}
		add(c)
		if (c != " " && c != "\t")
			keep = size
	}
	value = substr(value, 1, keep)
	size = keep
}

function comment(   c) {
	while (at <= length(text)) {
		c = substr(text, at++, 1)
		if (c == "\\")
			c = substr(text, at++, 1) == "\n" ? "more" : ""
		if (c == "\n" || c == "more")
			line++
		if (c == "\n")
			return
	}
}

function values(   c) {
	value = ""
	size = 0
	for (;;) {
		while (substr(text, at, 1) ~ /[ \t]/)
			at++
		c = substr(text, at, 1)
		if (c == "" || c == "\n")
			return
		if (c == "\"" || c == "\047") {
			at++
			quoted(c)
		} else {
			plain()
			return
		}
	}
}

# parse reads the variables of a file into all, and their names into names.
function parse(name, which,   c, row, equals, key, i) {
	file = name
	text = slurp(name)
	at = line = 1
	count[which] = 0
	while (at <= length(text)) {
		c = substr(text, at, 1)
		if (c ~ /[ \t\n]/) {
			at++
			if (c == "\n")
				line++
			continue
		}
		if (c == "#" || c == ";") {
			comment()
			continue
		}
		row = substr(text, at)
		row = substr(row, 1, index(row, "\n") - 1)
		equals = index(row, "=")
		key = substr(row, 1, equals - 1)
		sub(/[ \t]+$/, "", key)
		if (key !~ /^[A-Za-z_][A-Za-z0-9_]*$/) {
			fail(line, "\"" row "\" sets no variable: write NAME=\"VALUE\"")
			at += length(row)
			continue
		}
		at += equals
		values()
		if (!((which, key) in all))
			names[which, ++count[which]] = key
		all[which, key] = value
		for (i = 1; i <= size; i++)
			numbers[which, key, i] = lines[i]
	}
}

# called returns what a flag is called, however it is written.
function called(flag) {
	sub(/^-+/, "", flag)
	sub(/=.*/, "", flag)
	gsub(/_/, "-", flag)
	return flag
}

# word notes a word: a flag, what belongs to the one before it, or a removal.
function word(where, word_, raw, row,   name) {
	if (word_ ~ /^!/) {
		if (word_ !~ /^!--?[^-=][^=]*$/)
			fail(row, raw " removes no flag: write !--FLAG, without a value")
		name = called(substr(word_, 2))
		removed[where, name] = 1
		if (!((where, name) in had))
			known[where, ++kinds[where]] = name
		had[where, name] = 1
		open = 0
	} else if (word_ ~ /^--?[^-=]/) {
		name = called(word_)
		flags[where, ++total[where]] = name
		raws[where, total[where]] = raw
		if (!((where, name) in had))
			known[where, ++kinds[where]] = name
		had[where, name] = 1
		same[where, name] = same[where, name] "\n" word_
		open = word_ !~ /=/
	} else if (open) {
		name = flags[where, total[where]]
		raws[where, total[where]] = raws[where, total[where]] " " raw
		same[where, name] = same[where, name] " " word_
		open = 0
	} else
		fail(row, raw " is not a flag: write --FLAG=VALUE, and quotes around a VALUE with blanks")
}

# split_ splits a value into words as systemd does for $NAME.
function split_(where, text_, name, which,   i, c, quote, word_, raw, row, in_) {
	kinds[where] = total[where] = open = in_ = 0
	quote = word_ = raw = ""
	for (i = 1; i <= length(text_) + 1; i++) {
		c = substr(text_, i, 1)
		if (quote == "" && (c == "" || c ~ /[ \t\n\r]/)) {
			if (in_)
				word(where, word_, raw, row)
			in_ = 0
			word_ = raw = ""
			continue
		}
		if (c == "")
			break
		if (!in_)
			row = numbers[which, name, i]
		in_ = 1
		raw = raw c
		if (c == "\\") {
			c = substr(text_, ++i, 1)
			if (c == "") {
				fail(row, "the value ends with a backslash: write two for one")
				return
			}
			raw = raw c
			word_ = word_ c
		} else if (quote == "" && (c == "\"" || c == "\047"))
			quote = c
		else if (c == quote)
			quote = ""
		else
			word_ = word_ c
	}
	if (quote != "")
		fail(row, "the quote " quote " has no counterpart: write \\" quote " if it is a part of the value")
}

# assignment returns a variable as both systemd and shells read it.
function assignment(name, text_,   i, c, out) {
	out = name "=\""
	for (i = 1; i <= length(text_); i++) {
		c = substr(text_, i, 1)
		out = out (index("\"\\`$", c) ? "\\" : "") c
	}
	return out "\""
}

function forget(   k) {
	for (k in had)
		delete had[k]
	for (k in removed)
		delete removed[k]
	for (k in same)
		delete same[k]
}

function merge(name,   i, out) {
	forget()
	file = ARGV[2]
	split_("d", all["d", name], name, "d")
	file = ARGV[3]
	split_("c", all["c", name], name, "c")
	out = "\n"
	for (i = 1; i <= total["d"]; i++)
		if (!(("c", flags["d", i]) in had))
			out = out raws["d", i] "\n"
	for (i = 1; i <= total["c"]; i++)
		out = out raws["c", i] "\n"
	print assignment(name, out)
}

# changes returns what makes one value of flags another.
function changes(name,   i, flag, out) {
	forget()
	bad = 0
	split_("d", all["d", name], name, "d")
	split_("c", all["c", name], name, "c")
	if (bad)
		return all["c", name]
	out = ""
	for (i = 1; i <= kinds["d"]; i++)
		if (!(("c", known["d", i]) in had))
			out = out "!--" known["d", i] "\n"
	for (i = 1; i <= total["c"]; i++) {
		flag = flags["c", i]
		if (same["c", flag] != same["d", flag])
			out = out raws["c", i] "\n"
	}
	return out == "" ? "" : "\n" out
}

function takeover(   i, name, out, more) {
	for (i = 1; i <= count["d"]; i++)
		if (!(("c", names["d", i]) in all)) {
			names["c", ++count["c"]] = names["d", i]
			all["c", names["d", i]] = ""
		}
	out = ""
	for (i = 1; i <= count["c"]; i++) {
		name = names["c", i]
		if (("d", name) in all && all["d", name] == all["c", name])
			continue
		if (name ~ /_ARGS$/ && ("d", name) in all) {
			more = changes(name)
			if (more == "")
				continue
		} else
			more = all["c", name]
		out = out assignment(name, more) "\n"
	}
	if (out != "")
		printf "# What differs from the defaults of the package, as an upgrade took it over.\n%s", out
}

BEGIN {
	lenient = ARGV[1] == "takeover"
	parse(ARGV[2], "d")
	parse(ARGV[3], "c")
	if (lenient)
		takeover()
	else
		for (i = 1; i <= count["d"]; i++) {
			name = names["d", i]
			if (name ~ /_ARGS$/ && ("c", name) in all)
				merge(name)
		}
	exit status
}'
if [ "$mode" = takeover ]; then
	exec awk "$program" takeover "$1" "$2"
fi
mkdir -p "${3%/*}"
if [ ! -e "$2" ]; then
	rm -f "$3"
	exit 0
fi
trap 'rm -f "$3.new"' EXIT
if ! awk "$program" merge "$1" "$2" >"$3.new"; then
	rm -f "$3"
	exit 78 # of sysexits.h: 1 is success to some units
fi
mv -f "$3.new" "$3"
