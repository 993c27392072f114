// Package keys says where a key to sign with is from, and what speaks against it.
package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/slipway-build/slipway/internal/run"
)

// A Form is where a key is.
type Form int

// The forms of -key.
const (
	File    Form = iota // FILE
	Env                 // env:NAME
	Agent               // gpg:KEYID
	Command             // exec:PUBLICKEY COMMAND…
)

// A Source is one value of -key.
type Source struct {
	Text string // as it was given
	Form Form
	Name string   // the file, the variable, the key ID, or the command's public key
	Args []string // the command
}

// Parse reads one value of -key.
func Parse(text string) (Source, error) {
	s := Source{Text: text, Name: text}
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "env":
		s.Form, s.Name = Env, rest
	case "gpg":
		s.Form, s.Name = Agent, rest
	case "exec":
		words := strings.Fields(rest)
		if len(words) < 2 {
			return s, fmt.Errorf("key %q: want exec:PUBLICKEY COMMAND…: the file of the public key, "+
				"and the command that signs", text)
		}
		s.Form, s.Name, s.Args = Command, words[0], words[1:]
	}
	if s.Name == "" {
		return s, fmt.Errorf("key %q: want FILE, env:NAME, gpg:KEYID or exec:PUBLICKEY COMMAND…", text)
	}
	return s, nil
}

// Content returns the key as it is stored: the secret one of a file or variable, the public
// one of a command.
func (s Source) Content(env run.Env) ([]byte, error) {
	if s.Form == Env {
		if value := env.Get(s.Name); value != "" {
			return []byte(value), nil
		}
		return nil, fmt.Errorf("key %s: the variable %s is not set: it has to hold the secret key, "+
			"armored or in PEM", s.Text, s.Name)
	}
	data, err := os.ReadFile(s.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("key %s: there is no file %s; a key of gpg-agent is gpg:KEYID", s.Text, s.Name)
	case err != nil:
		return nil, fmt.Errorf("key %s: %w", s.Text, err)
	case len(data) == 0:
		return nil, fmt.Errorf("key %s: the file %s is empty", s.Text, s.Name)
	}
	return data, nil
}

// A Kind is what a key is of.
type Kind int

// The kinds of keys.
const (
	Unknown Kind = iota
	OpenPGP
	PEM
)

// KindOf tells the kind of a key from its content.
func KindOf(data []byte) Kind {
	switch text := bytes.TrimSpace(data); {
	case bytes.Contains(text, []byte("-----BEGIN PGP ")):
		return OpenPGP
	case bytes.Contains(text, []byte("-----BEGIN ")):
		return PEM
	case len(data) > 2 && data[0]&0x80 != 0: // the tag of a binary packet
		return OpenPGP
	}
	return Unknown
}

// A Passphrase returns the passphrase of a key, and "" if there is none.
type Passphrase func() ([]byte, error)

// The variables that the passphrase of keys is taken from: one holds it, the other names a
// file whose first line it is.
const (
	PassphraseVariable     = "SLIPWAY_KEY_PASSPHRASE"
	PassphraseFileVariable = "SLIPWAY_KEY_PASSPHRASE_FILE"
)

// PassphraseOf takes the passphrase from the variables.
func PassphraseOf(env run.Env) Passphrase {
	return func() ([]byte, error) {
		if value := env.Get(PassphraseVariable); value != "" {
			return []byte(value), nil
		}
		path := env.Get(PassphraseFileVariable)
		if path == "" {
			return nil, nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", PassphraseFileVariable, err)
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
}

// A PassphraseError is a key that its passphrase does not open.
type PassphraseError struct {
	Key     string
	Missing bool // there is none
}

func (e *PassphraseError) Error() string {
	if e.Missing {
		return fmt.Sprintf("key %s: it has a passphrase\n  To give it: set %s, or %s to a file that holds it",
			e.Key, PassphraseVariable, PassphraseFileVariable)
	}
	return fmt.Sprintf("key %s: the passphrase in %s or %s does not open it\n"+
		"  All keys in files and variables have this one passphrase; one with another goes to gpg-agent, as gpg:KEYID",
		e.Key, PassphraseVariable, PassphraseFileVariable)
}
