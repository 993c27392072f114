package artifact

// The files with the sums of a release.
const (
	SHA256Sums = "SHA256SUMS"
	SHA512Sums = "SHA512SUMS"
)

// The endings of the names of signatures, which are beside what they sign.
const (
	ArmorSuffix  = ".asc"           // an armored OpenPGP signature
	BundleSuffix = ".sigstore.json" // a sigstore bundle
)

// ProvenanceBundle is the provenance in a signed envelope.
const ProvenanceBundle = "provenance" + BundleSuffix

// KeysFolder is the folder of a signed release with the public keys, so that its page can
// name them. Who verifies a release takes keys from elsewhere.
const KeysFolder = "keys"

// A ReleaseKey is a public key that the signatures of a release are verified with.
type ReleaseKey struct {
	Use  string // what its signatures are: OpenPGP, sigstore
	ID   string // its fingerprint
	Path string // of the public key in the release; "" if it is not in it
}
