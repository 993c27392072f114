module example.org/acme/kubernetes-builds

go 1.26.0

require github.com/slipway-build/slipway v0.0.0

require (
	github.com/Masterminds/semver/v3 v3.5.0 // indirect
	github.com/gofrs/flock v0.13.1 // indirect
	github.com/magefile/mage v1.17.2 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/mod v0.42.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/term v0.47.0 // indirect
)

// In this example only: Slipway is the checkout that holds it.
replace github.com/slipway-build/slipway => ../..

tool github.com/slipway-build/slipway/cmd/mage
