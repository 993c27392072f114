package version_test

import (
	"fmt"
	"log"

	"github.com/slipway-build/slipway/version"
)

// A version as each kind of output writes it.
func ExampleVersion() {
	v, err := version.Parse("1.37.0-rc.1+acme.2")
	if err != nil {
		log.Fatal(err)
	}
	distro, err := v.Distro()
	if err != nil {
		log.Fatal(err)
	}
	gentoo, err := v.Gentoo()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("upstream", v.Upstream())
	fmt.Println("deb, rpm", distro)
	fmt.Println("ebuild  ", gentoo)
	fmt.Println("image   ", v.Tag())
	// Output:
	// upstream 1.37.0-rc.1
	// deb, rpm 1.37.0~rc.1+acme.2
	// ebuild   1.37.0_rc1_p2
	// image    v1.37.0-rc.1_acme.2
}

// A pre-release is between its neighbours, and build metadata counts for nothing.
func ExampleRange_Contains() {
	r := version.Range(">=1.36 <1.37")
	for _, s := range []string{"1.35.9", "1.36.0+acme.1", "1.36.2", "1.37.0-rc.1", "1.37.0"} {
		v, err := version.Parse(s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s, r.Contains(v))
	}
	// Output:
	// 1.35.9 false
	// 1.36.0+acme.1 true
	// 1.36.2 true
	// 1.37.0-rc.1 true
	// 1.37.0 false
}

func ExampleCompareRevisions() {
	fmt.Println(version.CompareRevisions("1.36.1+acme.2", "1.36.1+acme.10"))
	fmt.Println(version.CompareRevisions("1.36.2-rc.1", "1.36.1+acme.1"))
	// Output:
	// -1
	// 1
}

func ExampleExpand() {
	v, err := version.Parse("1.36.1+acme.1")
	if err != nil {
		log.Fatal(err)
	}
	text, err := version.Expand("stable-{{.Major}}.{{.Minor}}.txt", v.Fields())
	fmt.Println(text, err)
	// Output: stable-1.36.txt <nil>
}
