package openpgp

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// A Certificate is a public key, as clients are given it.
type Certificate struct {
	Fingerprint string    // of the primary key, 40 upper-case hex digits
	Name        string    // its user ID
	Expires     time.Time // of the primary key; zero: it does not
	Packets     []byte    // binary
}

// Certificates reads public keys, armored or binary, each once, in their order. Of a key
// that is there twice, the first is taken.
func Certificates(source string, data []byte) ([]Certificate, error) {
	var r Ring
	if err := r.Add(source, data); err != nil {
		return nil, err
	}
	var all []Certificate
	for _, e := range r.certs {
		c := Certificate{Fingerprint: fingerprint(e.PrimaryKey), Name: name(e), Expires: parts(e)[0].expires()}
		if slices.ContainsFunc(all, func(had Certificate) bool { return had.Fingerprint == c.Fingerprint }) {
			continue
		}
		packets, err := serialize(e)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", source, err)
		}
		c.Packets = packets
		all = append(all, c)
	}
	return all, nil
}

// Armored returns the certificate as text.
func (c Certificate) Armored() ([]byte, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, pgp.PublicKeyType, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(c.Packets); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return append(out.Bytes(), '\n'), nil
}

// serialize returns the packets of a public key. User IDs are sorted: the library has them in
// a map, and writes them in any order.
func serialize(e *pgp.Entity) ([]byte, error) {
	var out bytes.Buffer
	err := e.PrimaryKey.Serialize(&out)
	for _, sig := range slices.Concat(e.Revocations, e.DirectSignatures) {
		if err == nil {
			err = sig.Packet.Serialize(&out)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.Identities)) {
		if err == nil {
			err = e.Identities[id].Serialize(&out)
		}
	}
	for _, sub := range e.Subkeys {
		if err == nil {
			err = sub.Serialize(&out, false)
		}
	}
	return out.Bytes(), err
}
