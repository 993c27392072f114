package dev

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-build/slipway/conformance/report"
	"github.com/slipway-build/slipway/internal/run"
)

// Conformance runs all conformance tests on the default fork, and records in the docs what came of them.
//
// It needs root, and takes half an hour.
func Conformance(ctx context.Context) error {
	const fork = "kubernetes-1.36"
	ran := tool(ctx, run.Env(os.Environ()), "go", "tool", "mage", "fork:conformance", "-fork="+fork)
	data, err := os.ReadFile(filepath.Join("dist", fork, "conformance", "results.json"))
	if err != nil {
		return errors.Join(ran, err)
	}
	var s report.Summary
	if err := json.Unmarshal(data, &s); err != nil {
		return errors.Join(ran, err)
	}
	if len(s.Wanted) == 0 {
		return errors.Join(ran, fmt.Errorf("the results are of %s without %q, not of all conformance tests", s.Focus, s.Skip))
	}
	figure := fmt.Sprintf("%d of %d conformance tests", len(s.Run.Of(report.Passed)), len(s.Wanted))
	_, body, _ := strings.Cut(strings.ReplaceAll(s.Markdown(), "\n## ", "\n### "), "\n")
	return errors.Join(ran, replace("README.md", `\d+ of \d+ conformance tests`, figure),
		replace(filepath.Join("docs", "conformance.md"), `(?s)<!-- recorded -->.*<!-- end -->`,
			"<!-- recorded -->\n"+strings.TrimSpace(body)+"\n<!-- end -->"))
}

// replace replaces what an expression matches in a file.
func replace(file, expression, with string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	re := regexp.MustCompile(expression)
	if !re.Match(data) {
		return fmt.Errorf("%s has nothing like %s", file, expression)
	}
	return os.WriteFile(file, re.ReplaceAllLiteral(data, []byte(with)), 0o644)
}
