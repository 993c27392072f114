package contents

import "fmt"

// tagNames are the names of tags as rpm --querytags has them, of those that packages use.
var tagNames = map[uint32]string{
	62: "Headersignatures", 63: "Headerimmutable", 100: "Headeri18ntable",
	1000: "Name", 1001: "Version", 1002: "Release", 1003: "Epoch", 1004: "Summary", 1005: "Description",
	1006: "Buildtime", 1007: "Buildhost", 1009: "Size", 1010: "Distribution", 1011: "Vendor", 1014: "License",
	1015: "Packager", 1016: "Group", 1020: "Url", 1021: "Os", 1022: "Arch", 1023: "Prein", 1024: "Postin",
	1025: "Preun", 1026: "Postun", 1027: "Oldfilenames", 1028: "Filesizes", 1030: "Filemodes", 1033: "Filerdevs",
	1034: "Filemtimes", 1035: "Filedigests", 1036: "Filelinktos", 1037: "Fileflags", 1039: "Fileusername",
	1040: "Filegroupname", 1044: "Sourcerpm", 1045: "Fileverifyflags", 1046: "Archivesize", 1047: "Providename",
	1048: "Requireflags", 1049: "Requirename", 1050: "Requireversion", 1053: "Conflictflags", 1054: "Conflictname",
	1055: "Conflictversion", 1064: "Rpmversion", 1080: "Changelogtime", 1081: "Changelogname",
	1082: "Changelogtext", 1085: "Preinprog", 1086: "Postinprog", 1087: "Preunprog", 1088: "Postunprog",
	1090: "Obsoletename", 1095: "Filedevices", 1096: "Fileinodes", 1097: "Filelangs", 1106: "Sourcepackage",
	1112: "Provideflags", 1113: "Provideversion", 1114: "Obsoleteflags", 1115: "Obsoleteversion",
	1116: "Dirindexes", 1117: "Basenames", 1118: "Dirnames", 1124: "Payloadformat", 1125: "Payloadcompressor",
	1126: "Payloadflags", 1140: "Filecolors", 1151: "Pretrans", 1152: "Posttrans",
	5008: "Longfilesizes", 5009: "Longsize", 5010: "Filecaps", 5011: "Filedigestalgo", 5012: "Bugurl",
	5034: "Vcs", 5046: "Recommendname", 5047: "Recommendversion", 5048: "Recommendflags", 5049: "Suggestname",
	5050: "Suggestversion", 5051: "Suggestflags", 5062: "Encoding", 5092: "Payloadsha256",
	5093: "Payloadsha256algo", 5097: "Payloadsha256alt",
}

// signatureNames are those of the signature, whose numbers mean other things there.
var signatureNames = map[uint32]string{
	62: "Headersignatures", 267: "Dsaheader", 268: "Rsaheader", 269: "Sha1header", 270: "Longsigsize",
	271: "Longarchivesize", 273: "Sha256header", 1000: "Sigsize", 1002: "Sigpgp", 1004: "Sigmd5", 1005: "Siggpg",
	1007: "Sigpayloadsize", 1008: "Reservedspace",
}

// tagName returns a tag's name: Buildtime.
func tagName(part string, id uint32) string {
	names := tagNames
	if part == "signature" {
		names = signatureNames
	}
	if name := names[id]; name != "" {
		return name
	}
	return fmt.Sprintf("tag %d", id)
}
