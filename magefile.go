//go:build mage

package main

import (
	//mage:import
	_ "github.com/slipway-build/slipway/targets"

	//mage:import dev
	_ "github.com/slipway-build/slipway/internal/dev"
)
