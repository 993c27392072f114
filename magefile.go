//go:build mage

package main

import (
	//mage:import
	_ "github.com/slipway-build/slipway/targets"
)
