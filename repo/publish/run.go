package publish

import "context"

type publication struct {
	Request
	to   *sender
	next Next
}

func (p *publication) publish(ctx context.Context) (Report, error) {
	return Report{}, nil
}

type sender struct{ Target }
