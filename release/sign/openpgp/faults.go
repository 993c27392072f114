package openpgp

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/slipway-build/slipway/release/sign/keys"
)

// The clients that read signatures of a use.
const (
	everyone  = "gpg, apt, dnf, zypper and Portage"
	sequoia   = "apt of Debian 13 and later (sqv refuses SHA-1 since 2026-02-01), and rpm, dnf of Fedora 38 and later"
	rpmFamily = "dnf5 and zypper, which verify an rpm with the primary key only"
)

// makeKey is the remedy that always helps.
const makeKey = "make a key: gpg --quick-generate-key 'NAME <MAIL>' rsa4096 sign 2y"

// Faults returns what speaks against signing with k for a use.
func (k Key) Faults(w keys.When, use keys.Use) []keys.Fault {
	primary := parts(k.cert)[0]
	if primary.revoked {
		return []keys.Fault{k.fault(k.Fingerprint()+" is revoked", everyone, "sign with another key; "+makeKey)}
	}
	if primary.self == nil {
		return []keys.Fault{k.fault(k.Fingerprint()+" has no valid self-signature", everyone, makeKey)}
	}
	var all []keys.Fault
	signing, ok := k.part()
	if use == keys.RPM {
		all = append(all, k.rpmFaults()...)
		signing = primary
	} else if !ok {
		return append(all, k.fault(k.Fingerprint()+" has no secret key that can sign", everyone, makeKey))
	}
	all = append(all, k.dateFaults(w, use, primary, signing)...)
	all = append(all, k.hashFaults(primary, signing)...)
	all = append(all, k.algorithmFaults(primary.key, use)...)
	if signing.key != primary.key {
		all = append(all, k.algorithmFaults(signing.key, use)...)
	}
	if _, err := k.moment(signing, w.Release); err != nil && !slices.ContainsFunc(all, refused) {
		all = append(all, k.fault(fmt.Sprintf("%s could not sign on %s, the release's date",
			k.Fingerprint(), day(w.Release)), everyone, makeKey))
	}
	return all
}

func refused(f keys.Fault) bool { return !f.Warning }

func (k Key) fault(what, breaks, remedy string) keys.Fault {
	return keys.Fault{Key: k.Source, What: what, Breaks: breaks, Remedy: remedy}
}

// rpmFaults are those of a key whose signatures go into the headers of rpms.
func (k Key) rpmFaults() []keys.Fault {
	primary := parts(k.cert)[0]
	var all []keys.Fault
	switch {
	case !primary.signs():
		all = append(all, k.fault(k.Fingerprint()+" signs with a subkey only: its primary key is for certificates",
			rpmFamily, makeKey+", and give it first"))
	case !k.secret[primary.key.KeyId]:
		all = append(all, k.fault("the secret primary key of "+k.Fingerprint()+" is not at hand, only a subkey's",
			rpmFamily, "export the primary key too (gpg --export-secret-keys), or "+makeKey+", and give it first"))
	}
	if !isRSA(primary.key) && primary.key.PubKeyAlgo != packet.PubKeyAlgoDSA {
		all = append(all, k.fault(fmt.Sprintf("%s is a key of %s", k.Fingerprint(), algorithm(primary.key)),
			"rpm before 4.18 and some later ones, which call such a signature BAD or do not know it",
			makeKey+", and give it first: the first key signs rpms; or leave rpm out of release.artifacts"))
	}
	return all
}

// dateFaults are those of keys that are not valid now, or not long enough.
func (k Key) dateFaults(w keys.When, use keys.Use, primary, signing part) []keys.Fault {
	var all []keys.Fault
	checked := []part{primary}
	if signing.key != primary.key {
		checked = append(checked, signing)
	}
	for _, p := range checked {
		end := p.expires()
		switch id := fingerprint(p.key); {
		case p.key.CreationTime.After(w.Now):
			all = append(all, k.fault(fmt.Sprintf("%s is not valid before %s", id, day(p.key.CreationTime)), everyone,
				"set this machine's clock, or sign with another key"))
		case end.IsZero():
		case !end.After(w.Now):
			all = append(all, k.fault(fmt.Sprintf("%s expired on %s", id, day(end)), everyone,
				k.extend(p, primary, use)))
		case end.Before(w.Now.Add(w.Horizon)):
			all = append(all, k.ends(p, primary, w.Horizon, use))
		case end.Before(w.Now.Add(w.Soon)):
			f := k.ends(p, primary, w.Soon, use)
			f.Warning = true
			all = append(all, f)
		}
	}
	return all
}

// ends is the fault of a part that expires within a time.
func (k Key) ends(p, primary part, within time.Duration, use keys.Use) keys.Fault {
	days := int(within / (24 * time.Hour))
	what := fmt.Sprintf("%s expires on %s, within %d days", fingerprint(p.key), day(p.expires()), days)
	return k.fault(what, everyone+", once it has", k.extend(p, primary, use))
}

// extend is the remedy for a part that expires. rpm, dnf and zypper never read a key again that
// they have, and so do not learn that it is valid longer.
func (k Key) extend(p, primary part, use keys.Use) string {
	remedy := fmt.Sprintf("gpg --quick-set-expire %s 2y%s; then hand out the public key again",
		k.Fingerprint(), subkeys(p, primary))
	if use == keys.RPM || use == keys.Yum {
		remedy += fmt.Sprintf("; hosts with rpm keep the key as they have it until somebody runs rpm -e gpg-pubkey-%08x and "+
			"dnf clean all there, so rather sign with another key", uint32(k.cert.PrimaryKey.KeyId))
	}
	return remedy
}

// subkeys is what --quick-set-expire wants if it is to change subkeys.
func subkeys(p, primary part) string {
	if p.key == primary.key {
		return ""
	}
	return " '*'"
}

// hashFaults are those of keys that hang on a broken hash.
func (k Key) hashFaults(primary, signing part) []keys.Fault {
	broken := []crypto.Hash{crypto.SHA1, crypto.MD5, crypto.RIPEMD160}
	redo := "gpg --cert-digest-algo SHA512 --quick-set-expire " + k.Fingerprint() + " 2y"
	var all []keys.Fault
	if slices.Contains(broken, primary.self.Hash) {
		all = append(all, k.fault(fmt.Sprintf("the self-signature of %s is made with %s",
			k.Fingerprint(), primary.self.Hash), sequoia, redo+"; then hand out the public key again"))
	}
	if signing.key == primary.key {
		return all
	}
	cross := signing.self.EmbeddedSignature
	if slices.Contains(broken, signing.self.Hash) || cross != nil && slices.Contains(broken, cross.Hash) {
		all = append(all, k.fault(fmt.Sprintf("the signature that binds the subkey %s is made with SHA-1 or older",
			fingerprint(signing.key)), sequoia, redo+" '*'; then hand out the public key again"))
	}
	return all
}

// algorithmFaults are those of a key's kind and size.
func (k Key) algorithmFaults(key *packet.PublicKey, use keys.Use) []keys.Fault {
	what := fmt.Sprintf("%s is a key of %s", fingerprint(key), algorithm(key))
	curve, _ := key.Curve()
	switch {
	case isRSA(key):
		return k.sizeFaults(key)
	case key.PubKeyAlgo == packet.PubKeyAlgoDSA:
		return []keys.Fault{k.fault(what, "apt of Debian 13 and later, and rpm of Fedora 38 and later", makeKey)}
	case key.PubKeyAlgo == packet.PubKeyAlgoECDSA && slices.Contains(nist, curve):
		return nil
	case key.PubKeyAlgo == packet.PubKeyAlgoEdDSA && curve == packet.Curve25519:
		if before[use] == "" {
			return nil
		}
		f := k.fault(what, before[use], makeKey)
		f.Warning = true
		return []keys.Fault{f}
	}
	return []keys.Fault{k.fault(what, "gpg before 2.4, and apt and rpm of today's distributions", makeKey)}
}

// before are the clients whose gpg knows no EdDSA.
var before = map[keys.Use]string{
	keys.Sums: "gpg before 2.1",
	keys.Apt:  "apt of Debian 8 and Ubuntu 16.04, whose gpgv is older than 2.1",
	keys.Yum:  "yum of CentOS 7, whose gpg is older than 2.1",
}

// sizeFaults are those of an RSA key that is too small.
func (k Key) sizeFaults(key *packet.PublicKey) []keys.Fault {
	bits, _ := key.BitLength()
	what := fmt.Sprintf("%s: RSA of %d bits, below 3072", fingerprint(key), bits)
	switch {
	case bits < 2048:
		return []keys.Fault{k.fault(what, "apt since 2.7.13, sqv, and rpm of Fedora and RHEL", makeKey)}
	case bits < 3072:
		return []keys.Fault{k.fault(what,
			"systems whose crypto policy asks for 128 bits of security, as FUTURE of Fedora and RHEL", makeKey)}
	}
	return nil
}

var nist = []packet.Curve{packet.CurveNistP256, packet.CurveNistP384, packet.CurveNistP521}

// algorithm names the kind of a key.
func algorithm(k *packet.PublicKey) string {
	names := map[packet.PublicKeyAlgorithm]string{
		packet.PubKeyAlgoRSA: "RSA", packet.PubKeyAlgoRSASignOnly: "RSA", packet.PubKeyAlgoDSA: "DSA",
		packet.PubKeyAlgoECDSA: "ECDSA", packet.PubKeyAlgoEdDSA: "EdDSA", packet.PubKeyAlgoEd25519: "EdDSA (RFC 9580)",
		packet.PubKeyAlgoEd448: "EdDSA (RFC 9580)",
	}
	text, ok := names[k.PubKeyAlgo]
	if !ok {
		text = fmt.Sprintf("algorithm %d", k.PubKeyAlgo)
	}
	if curve, err := k.Curve(); err == nil && curve != "" {
		text += " on " + string(curve)
	}
	return text
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
