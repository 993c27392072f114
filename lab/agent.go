//go:build linux

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// An agent is the one of QEMU's in a virtual machine. It answers on a socket, to one client at a time.
type agent struct {
	lab    *Lab
	socket string
	mu     sync.Mutex
	asked  int
}

// run runs a program in the machine and returns what it prints.
func (a *agent) run(ctx context.Context, args []string) (string, error) {
	var started struct{ PID int }
	err := a.ask(ctx, "guest-exec", map[string]any{"path": args[0], "arg": args[1:], "capture-output": true}, &started)
	if err != nil {
		return "", err
	}
	for {
		var s struct {
			Exited           bool
			ExitCode, Signal int
			Out              []byte `json:"out-data"`
		}
		err := a.ask(ctx, "guest-exec-status", map[string]int{"pid": started.PID}, &s)
		switch {
		case err != nil:
			return "", err
		case s.Exited && s.Signal != 0:
			return string(s.Out), fmt.Errorf("killed by signal %d", s.Signal)
		case s.Exited && s.ExitCode != 0:
			return string(s.Out), fmt.Errorf("exit status %d", s.ExitCode)
		case s.Exited:
			return string(s.Out), nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ask has the agent do something, and reads its answer. What it may still answer to somebody who did not wait is
// passed over.
func (a *agent) ask(ctx context.Context, command string, arguments, result any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	conn, err := a.lab.dial("unix", a.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a.asked++
	in, out := json.NewDecoder(conn), json.NewEncoder(conn)
	if err := out.Encode(request{"guest-sync", map[string]int{"id": a.asked}}); err != nil {
		return err
	}
	for {
		var id json.RawMessage
		err := receive(in, &id)
		if err == nil && string(id) == fmt.Sprint(a.asked) {
			break
		}
		var refused *refusal
		if err != nil && !errors.As(err, &refused) {
			return errors.Join(ctx.Err(), err)
		}
	}
	if err := out.Encode(request{command, arguments}); err != nil {
		return err
	}
	return receive(in, result)
}

type request struct {
	Execute   string `json:"execute"`
	Arguments any    `json:"arguments,omitempty"`
}

// A refusal is an agent's answer that it does not do something.
type refusal struct {
	Class string
	Desc  string
}

func (r *refusal) Error() string { return "the machine's agent: " + r.Desc }

// receive reads an answer of the agent.
func receive(in *json.Decoder, result any) error {
	var answer struct {
		Return json.RawMessage
		Error  *refusal
	}
	if err := in.Decode(&answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return answer.Error
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Return, result)
}
