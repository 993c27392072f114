package verify

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// chunk is how much of a file is read at a time, and ahead how many chunks may wait for the
// slowest of its readers.
const (
	chunk = 512 << 10
	ahead = 8
)

// A fan hands what is read of one file to several readers at once.
type fan struct {
	pool *sync.Pool
	to   []chan *piece
	done sync.WaitGroup
}

// A piece is a chunk of a file. It goes back to the pool when its last reader is done.
type piece struct {
	data []byte
	left atomic.Int32
}

// add starts a reader of what will be copied. What it does not read is discarded.
func (f *fan) add(read func(io.Reader)) {
	c := make(chan *piece, ahead)
	f.to = append(f.to, c)
	f.done.Go(func() {
		in := &pieces{c: c, pool: f.pool}
		read(in)
		in.drain()
	})
}

// copy hands over all of r, waits for the readers, and returns how many bytes it had.
func (f *fan) copy(ctx context.Context, r io.Reader) (int64, error) {
	var size int64
	var err error
	for err == nil && ctx.Err() == nil {
		p, _ := f.pool.Get().(*piece)
		if p == nil {
			p = &piece{data: make([]byte, chunk)}
		}
		var n int
		n, err = io.ReadFull(r, p.data[:chunk])
		p.data = p.data[:n]
		size += int64(n)
		p.left.Store(int32(len(f.to)))
		for _, c := range f.to {
			c <- p
		}
	}
	for _, c := range f.to {
		close(c)
	}
	f.done.Wait()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return size, cmp.Or(ctx.Err(), err)
}

// pieces reads the pieces of a channel, one after the other.
type pieces struct {
	c    chan *piece
	pool *sync.Pool
	now  *piece
	rest []byte // of now
}

// next moves on to a piece that has something left.
func (r *pieces) next() bool {
	for len(r.rest) == 0 {
		if r.now != nil && r.now.left.Add(-1) == 0 {
			r.pool.Put(r.now)
		}
		if r.now = <-r.c; r.now == nil {
			return false
		}
		r.rest = r.now.data
	}
	return true
}

func (r *pieces) Read(p []byte) (int, error) {
	if !r.next() {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// WriteTo has io.Copy hash the pieces as they are, without copying them.
func (r *pieces) WriteTo(w io.Writer) (int64, error) {
	var size int64
	for r.next() {
		n, err := w.Write(r.rest)
		size += int64(n)
		if err != nil {
			return size, err
		}
		r.rest = nil
	}
	return size, nil
}

// drain discards what is left.
func (r *pieces) drain() {
	for r.next() {
		r.rest = nil
	}
}
