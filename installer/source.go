package installer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/template"
)

// Facts are what templates know of the host.
type Facts struct {
	Hostname  string   // used where the host's /etc/hostname has none
	Arch      string   // as Go calls it
	Address   string   // what the default route sends from; empty where there is none
	Addresses []string // all of the interfaces but loopback and link-local
}

// A source is the image, and what its templates are filled with.
type source struct {
	image fs.FS
	facts map[string]any
}

// values returns what templates see. What is not known is not there, so that
// using it is an error and not an empty word in somebody's configuration.
func (f Facts) values(m Manifest, role string) map[string]any {
	out := map[string]any{"Arch": f.Arch, "Name": m.Name, "Version": m.Version, "Role": role}
	if f.Hostname != "" {
		out["Hostname"] = f.Hostname
	}
	if f.Address != "" {
		out["Address"] = f.Address
	}
	if len(f.Addresses) > 0 {
		out["Addresses"] = f.Addresses
	}
	return out
}

// render returns what a template comes to, and its sha256.
func (s source) render(e Entry) ([]byte, string, error) {
	var b, out bytes.Buffer
	if err := s.content(e, nil)(&b); err != nil {
		return nil, "", err
	}
	t, err := template.New(e.From).Option("missingkey=error").Parse(b.String())
	if err == nil {
		err = t.Execute(&out, s.facts)
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", e.Path, err)
	}
	data := append([]byte{}, out.Bytes()...) // not nil, though it be empty
	digest, err := hash(bytes.NewReader(data))
	return data, digest, err
}

// content returns what writes a file's content: data, if that is not nil, or
// what the image has, and then it is an error if that is not what the manifest
// says.
func (s source) content(e Entry, data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		if data != nil {
			_, err := w.Write(data)
			return err
		}
		f, err := s.image.Open(e.From)
		if err != nil {
			return err
		}
		defer f.Close()
		got, err := hash(io.TeeReader(f, w))
		if err == nil && got != e.SHA256 {
			err = errors.New("is damaged: its sha256 is " + got + " and the manifest has " + e.SHA256 + "; pull the image again")
		}
		if err != nil {
			return fmt.Errorf("%s of the image: %w", e.From, err)
		}
		return nil
	}
}

func (s source) verify(e Entry) error { return s.content(e, nil)(io.Discard) }

// text returns a small file's content, and nothing for a large one.
func (s source) text(e Entry, data []byte) []byte {
	if data != nil {
		return data
	}
	if info, err := fs.Stat(s.image, e.From); err == nil && info.Size() <= 64<<10 {
		data, _ = fs.ReadFile(s.image, e.From) // what cannot be read fails where it is copied
	}
	return data
}
