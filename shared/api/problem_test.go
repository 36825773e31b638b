package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shardeck/shared/api"
	"shardeck/shared/sqltypes"
)

func TestEveryCodeHasAnErrorStatusAndATitle(t *testing.T) {
	titles := map[string]api.Code{}
	for _, c := range api.Codes() {
		if s := c.Status(); s < 400 || s > 599 || http.StatusText(s) == "" && c != api.CodeCanceled {
			t.Errorf("%s has status %d", c, s)
		}
		if other, ok := titles[c.Title()]; ok || c.Title() == "" {
			t.Errorf("%s has the title %q, as %s has", c, c.Title(), other)
		}
		titles[c.Title()] = c
	}
}

func TestEveryCodeIsClassifiedAsLastingOrNot(t *testing.T) {
	classified := map[api.Code]bool{}
	for lasting, codes := range map[bool][]api.Code{
		true: {
			api.CodeInvalidJSON, api.CodeBodyTooLarge, api.CodeUnsupportedMedia, api.CodeMissingField, api.CodeUnknownField, api.CodeInvalidField, api.CodeInvalidIdentifier, api.CodeSyntax, api.CodeUnsupported, api.CodeTooComplex,
			api.CodeAmbiguousColumn, api.CodeShardKeyRequired, api.CodeShardKeyMismatch, api.CodeShardKeyImmutable, api.CodeIdempotencyMismatch,
			api.CodeDuplicateKey, api.CodeNullViolation, api.CodeValueTooLong, api.CodeOutOfRange, api.CodeConversionFailed, api.CodeDivideByZero,
		},
		false: {
			api.CodeUnknownDatabase, api.CodeUnknownTable, api.CodeUnknownColumn, api.CodeUnknownQuery, api.CodeDatabaseExists, api.CodeTableExists,
			api.CodeNotFound, api.CodeMethodNotAllowed, api.CodeUnauthorized, api.CodeForbidden,
			api.CodeNotPrimary, api.CodeAlreadyPrimary, api.CodeStaleTerm, api.CodeStaleMap, api.CodeStaleSchema, api.CodeWrongShard,
			api.CodeShardUnavailable, api.CodeStorageFailed, api.CodeShardTimeout, api.CodeShardBadAnswer, api.CodeWorkerUnproven, api.CodePartialFailure, api.CodeShardEmptied, api.CodeFailoverFailed,
			api.CodeOverloaded, api.CodeCanceled, api.CodeQueryTimeout, api.CodeOutcomeUnknown, api.CodeInternal,
		},
	} {
		for _, c := range codes {
			classified[c] = true
			if c.Lasting() != lasting {
				t.Errorf("%s is lasting: %v, want %v", c, c.Lasting(), lasting)
			}
		}
	}
	for _, c := range api.Codes() {
		if !classified[c] {
			t.Errorf("%s is not in this test", c)
		}
	}
}

func TestUnknownCodeIsInternal(t *testing.T) {
	c := api.Code("from_a_newer_version")
	if c.Status() != 500 || c.Title() != api.CodeInternal.Title() || c.Lasting() {
		t.Errorf("got %d %q, lasting: %v", c.Status(), c.Title(), c.Lasting())
	}
}

func TestProblemsAreMatchedThroughWrapping(t *testing.T) {
	p := api.NewProblem(api.CodeUnknownTable, "table T does not exist")
	err := fmt.Errorf("planning: %w", p)
	if api.CodeOf(err) != api.CodeUnknownTable || api.AsProblem(err) != p {
		t.Errorf("got %s, %v", api.CodeOf(err), api.AsProblem(err))
	}
	if api.CodeOf(nil) != "" || api.AsProblem(nil) != nil {
		t.Error("nil must have no code and no problem")
	}
}

func TestOtherErrorsRevealNothing(t *testing.T) {
	p := api.AsProblem(errors.New("dial 10.0.0.7: token hunter2"))
	if p.Code != api.CodeInternal || strings.Contains(p.Error(), "hunter2") {
		t.Errorf("got %v", p)
	}
}

func TestCopiesDoNotModifyTheOriginal(t *testing.T) {
	p := api.NewProblem(api.CodeInvalidField, "no")
	q := p.At("rows[3].gpa").Hinted("send %d", 1).On(2, "w")
	if p.Field != "" || p.Hint != "" || p.Shard != nil {
		t.Errorf("the original became %+v", p)
	}
	if got, want := q.Error(), "invalid_field (shard 2, w) at rows[3].gpa: no"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryRefusalOfAValueHasACode(t *testing.T) {
	want := map[sqltypes.Reason]api.Code{
		sqltypes.TooLong:          api.CodeValueTooLong,
		sqltypes.OutOfRange:       api.CodeOutOfRange,
		sqltypes.ConversionFailed: api.CodeConversionFailed,
		sqltypes.DivideByZero:     api.CodeDivideByZero,
		sqltypes.InvalidArgument:  api.CodeInvalidField,
		sqltypes.Unsupported:      api.CodeUnsupported,
		sqltypes.TooComplex:       api.CodeTooComplex,
	}
	for _, r := range sqltypes.Reasons() {
		code, ok := want[r]
		if !ok {
			t.Errorf("the reason %v has no code in this test", r)
		}
		if strings.HasPrefix(r.String(), "Reason(") || r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
		err := fmt.Errorf("wrapped: %w", &sqltypes.Error{Number: 8115, Reason: r, Msg: "what happened", Hint: "what to do"})
		p, ok := api.ProblemOf(err)
		if !ok || p.Code != code || p.Status != code.Status() || p.SQLNumber != 8115 || p.Detail != "what happened" || p.Hint != "what to do" {
			t.Errorf("%v is the problem %+v, %v; want code %s", r, p, ok, code)
		}
		if api.CodeOf(err) != code || api.AsProblem(err).Code != code {
			t.Errorf("%v: CodeOf and AsProblem give %s and %s, want %s", r, api.CodeOf(err), api.AsProblem(err).Code, code)
		}
	}
}

func TestAnErrorWithoutAReasonIsInternal(t *testing.T) {
	for _, r := range []sqltypes.Reason{0, 200} {
		err := &sqltypes.Error{Number: 8115, Reason: r, Msg: "a detail for the log"}
		if p, ok := api.ProblemOf(err); ok {
			t.Errorf("reason %v is the problem %v", r, p)
		}
		if p := api.AsProblem(err); p.Code != api.CodeInternal || strings.Contains(p.Detail, err.Msg) {
			t.Errorf("reason %v is %v", r, p)
		}
	}
	if p, ok := api.ProblemOf(nil); ok {
		t.Errorf("nil is the problem %v", p)
	}
}
