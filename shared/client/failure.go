package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"syscall"

	"github.com/go-json-experiment/json"

	"shardeck/shared/api"
)

// failed maps a transport error to a problem: nothing was sent, the response is late, or a write
// may have been sent and its outcome is unknown.
func (c *conn) failed(ctx context.Context, k *call, sent bool, err error) error {
	if k.write && sent {
		return c.unknown(reason(ctx, err))
	}
	return c.unanswered(ctx, err)
}

// broken is the same for a response that was cut off.
func (c *conn) broken(ctx context.Context, k *call, err error) error {
	if k.write {
		return c.unknown(reason(ctx, err))
	}
	return c.unanswered(ctx, err)
}

// unanswered is the problem for a request that is safe to resend.
func (c *conn) unanswered(ctx context.Context, err error) error {
	var p *api.Problem
	switch {
	case canceled(ctx):
		return api.NewProblem(api.CodeCanceled, "the request to %s was ended by its caller", c)
	case isTimeout(ctx, err):
		p = api.NewProblem(api.CodeShardTimeout, "%s did not answer in time", c).
			Hinted("check whether it is overloaded or paused, or allow more time")
	case isUnproven(err):
		unproven, _ := errors.AsType[*unprovenError](err)
		return api.NewProblem(api.CodeWorkerUnproven, "%s did not prove that it knows the cluster's token, so nothing was sent to it: %s", c, unproven.why).
			Hinted("see which program listens there; a worker needs the MASTER_TOKEN of the masters")
	case isOtherShard(err):
		other, _ := errors.AsType[*otherShardError](err)
		return api.WrongShard(c.base.String(), other.got, other.want)
	default:
		p = api.NewProblem(api.CodeShardUnavailable, "%s cannot be reached: %s", c, reason(ctx, err)).
			Hinted("start the %s, or look at its log", c.noun)
	}
	if c.noun == "master" {
		p.Title = "The master cannot be reached" // the codes' titles refer to shards
	}
	return p
}

func (c *conn) unknown(why string) error {
	return api.NewProblem(api.CodeOutcomeUnknown, "the write was sent to %s and then lost: %s", c, why).
		Hinted("read before writing again, or repeat it with the same %s", api.HeaderIdempotencyKey)
}

// badResponse is the problem for a response that is not from Shardeck.
func (c *conn) badResponse(k *call, resp *http.Response, format string, args ...any) error {
	p := api.NewProblem(api.CodeShardBadAnswer, format, args...)
	detail := c.String() + " answered " + resp.Status + ", which cannot be used: " + p.Detail
	if k.write && (resp.StatusCode < 400 || resp.StatusCode >= 500) {
		return c.unknown(detail)
	}
	p.Detail = detail
	return p.Hinted("check whether another program listens there, or a %s of another version", c.noun)
}

// refused decodes the problem document of a response that is not 2xx.
func (c *conn) refused(ctx context.Context, k *call, resp *http.Response) error {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != api.MediaProblem {
		return c.badResponse(k, resp, "it is not a problem document")
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(resp.Body, maxProblem)); err != nil {
		return c.broken(ctx, k, err)
	}
	p := new(api.Problem)
	if err := json.Unmarshal(b.Bytes(), p); err != nil || p.Code == "" {
		return c.badResponse(k, resp, "its problem document is invalid")
	}
	if p.Status == 0 {
		p.Status = resp.StatusCode
	}
	return p
}

func isUnproven(err error) bool {
	_, ok := errors.AsType[*unprovenError](err)
	return ok
}

func isOtherShard(err error) bool {
	_, ok := errors.AsType[*otherShardError](err)
	return ok
}

// canceled reports whether the caller ended the request.
func canceled(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), errSilent)
}

func isTimeout(ctx context.Context, err error) bool {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(context.Cause(ctx), errSilent) {
		return true
	}
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// reason summarizes a network error in a few words.
func reason(ctx context.Context, err error) string {
	switch {
	case canceled(ctx):
		if p, ok := context.Cause(ctx).(*api.Problem); ok {
			return p.Detail
		}
		return "the caller cancelled it"
	case isTimeout(ctx, err):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed"
	}
	// The names of system calls, as in "dial tcp 10.0.0.1:80: connect: connection refused", say
	// nothing that the reader needs to know.
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}
