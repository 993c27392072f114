package images

import (
	"io"
	"runtime"

	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
)

// Compressor returns a writer that compresses to w by gzip or zstd, to the same bytes
// whatever the number of processors. Close must be called; an error of w may not be returned
// before that.
func Compressor(w io.Writer, compression string) (io.WriteCloser, error) {
	if compression == "zstd" {
		return newZstdWriter(w)
	}
	return pgzip.NewWriterLevel(w, 6)
}

const (
	// frameSize is how many uncompressed bytes go into a frame. 8 MiB is as far as the
	// compressor looks back: cutting there makes hyperkube one percent larger.
	frameSize = 8 << 20
	// maxFrames bounds how many frames are compressed at a time, each of which takes
	// up to 30 MB of memory.
	maxFrames = 8
)

// A zstdWriter compresses by zstd on several processors. It writes one frame
// after the other, which every zstd reader takes as one stream
// (https://www.rfc-editor.org/rfc/rfc8878#section-3).
type zstdWriter struct {
	encoder *zstd.Encoder
	plain   []byte      // of the frame that is being filled
	queue   chan *frame // to be written, in this order
	written chan error  // the result of the goroutine that writes
	record  *[]*frame   // where the frames of a file are recorded; nil is nowhere
	skip    bool        // drop what is written: its frames are in the queue already
}

// A frame is one compressed frame. data is set when ready is closed.
type frame struct {
	ready chan struct{}
	data  []byte
}

func newZstdWriter(w io.Writer) (*zstdWriter, error) {
	n := min(runtime.GOMAXPROCS(0), maxFrames)
	// The next level makes hyperkube 7 percent smaller, in three times the time.
	encoder, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(n))
	if err != nil {
		return nil, err
	}
	z := &zstdWriter{encoder: encoder, queue: make(chan *frame, n), written: make(chan error, 1)}
	go func() {
		var err error
		for f := range z.queue {
			if <-f.ready; err == nil {
				_, err = w.Write(f.data)
			}
		}
		z.written <- err
	}()
	return z, nil
}

// Write fills frames. It never fails.
func (z *zstdWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !z.skip {
		some := min(len(p), frameSize-len(z.plain))
		z.plain, p = append(z.plain, p[:some]...), p[some:]
		if len(z.plain) == frameSize {
			z.flush()
		}
	}
	return n, nil
}

// flush starts to compress the current frame, and begins another one.
func (z *zstdWriter) flush() {
	if len(z.plain) == 0 {
		return
	}
	plain, f := z.plain, &frame{ready: make(chan struct{})}
	z.plain = make([]byte, 0, frameSize)
	z.queue <- f // blocks while maxFrames are being compressed
	if z.record != nil {
		*z.record = append(*z.record, f)
	}
	go func() {
		f.data = z.encoder.EncodeAll(plain, nil)
		close(f.ready)
	}()
}

// writeFile calls write, which writes the content of a file, and puts the content
// into frames that hold nothing else. If frames is not nil, it holds the content
// already, and is written as it is. writeFile returns the frames of the file.
func (z *zstdWriter) writeFile(frames []*frame, write func() error) ([]*frame, error) {
	z.flush()
	for _, f := range frames {
		z.queue <- f
	}
	if z.skip = frames != nil; !z.skip {
		z.record = &frames
	}
	err := write()
	z.flush()
	z.skip, z.record = false, nil
	return frames, err
}

// Close waits until all frames are written, and returns the error of that.
func (z *zstdWriter) Close() error {
	z.flush()
	close(z.queue)
	return <-z.written
}
