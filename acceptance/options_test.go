//go:build acceptance && linux

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-build/slipway/internal/envfile"
)

// TestOptionsReachPrograms holds what internal/envfile knows of systemd against a
// systemd that runs: what it reads of a file of options, and the words that a command
// is given.
func TestOptionsReachPrograms(t *testing.T) {
	m := boot(t, "ca-certificates", func(root string) {
		const unit = "[Service]\nType=oneshot\nEnvironmentFile=/etc/default/deck\n" +
			`ExecStart=/bin/sh -c 'printf "%%s\\0" "$$DECK" "$$@" >/var/lib/words' sh $DECK` + "\n"
		at := filepath.Join(root, "etc", "systemd", "system", "deck.service")
		if err := os.WriteFile(at, []byte(unit), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	for _, value := range []string{
		"--salt --rum", "\n--salt\n\t--rum\n", "--a='x y' --b=\"p q\" --c=\"m\"n'o'", "'' a \"\"",
		`a\\b 'a\\b' "a\\b" a\ b \'`, `\"aye\" "say \"aye\"" 'it\'s'`, "$HOME ${HOME} $$ $(id) `id`",
		"* ? [a] {b,c} ~ ; | & # ! %n %%", "Käpt\\'n", "a=b=c",
	} {
		data := envfile.Set([]byte("DECK=old\n"), "DECK", value)
		if err := os.WriteFile(filepath.Join(m.root, "etc", "default", "deck"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		m.sh("systemctl start deck")
		got, err := os.ReadFile(filepath.Join(m.root, "var", "lib", "words"))
		if err != nil {
			t.Fatal(err)
		}
		words, err := envfile.Words(value)
		if want := strings.Join(append([]string{value}, words...), "\x00") + "\x00"; err != nil || string(got) != want {
			t.Errorf("%q: systemd has %q, want %q, %v", value, got, want, err)
		}
	}
}
