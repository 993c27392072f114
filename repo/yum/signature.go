package yum

import (
	"bytes"
	"encoding/base64"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	rpmutils "github.com/sassoftware/go-rpmutils"
)

// tagOpenPGP is where rpm 6 has signatures, in base64.
const tagOpenPGP = 278

// signer returns the key that the signature of the header names; "" without one. A signature of
// header and payload is none: rpm ignores it by default.
func (h *header) signer() string {
	data := h.bytes(rpmutils.SIG_RSA, rpmutils.SIG_DSA)
	if data == nil {
		for _, s := range h.strings(tagOpenPGP) {
			var err error
			if data, err = base64.StdEncoding.DecodeString(s); err != nil {
				h.fail(fmt.Errorf("its signature cannot be read: %w", err))
			}
		}
	}
	if data == nil {
		return ""
	}
	p, err := packet.Read(bytes.NewReader(data))
	sig, ok := p.(*packet.Signature)
	switch {
	case err != nil:
		h.fail(fmt.Errorf("its signature cannot be read: %w", err))
	case ok && sig.IssuerFingerprint != nil:
		return fmt.Sprintf("%X", sig.IssuerFingerprint)
	case ok && sig.IssuerKeyId != nil:
		return fmt.Sprintf("%016X", *sig.IssuerKeyId)
	default:
		h.fail(fmt.Errorf("its signature names no key"))
	}
	return ""
}
