package api

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shardeck/shared/sqltypes"
)

// Code classifies an error. It is the stable, machine-readable part of a [Problem]; the HTTP
// status is derived from it, never the reverse.
type Code string

// The codes, grouped by what a caller can do about them.
const (
	// The request is invalid; sending it again unchanged cannot succeed.
	CodeInvalidJSON         Code = "invalid_json"
	CodeBodyTooLarge        Code = "body_too_large"
	CodeUnsupportedMedia    Code = "unsupported_media_type"
	CodeMissingField        Code = "missing_field"
	CodeUnknownField        Code = "unknown_field"
	CodeInvalidField        Code = "invalid_field"
	CodeInvalidIdentifier   Code = "invalid_identifier"
	CodeSyntax              Code = "syntax_error"
	CodeUnsupported         Code = "unsupported"
	CodeTooComplex          Code = "too_complex"
	CodeUnknownDatabase     Code = "unknown_database"
	CodeUnknownTable        Code = "unknown_table"
	CodeUnknownColumn       Code = "unknown_column"
	CodeAmbiguousColumn     Code = "ambiguous_column"
	CodeUnknownQuery        Code = "unknown_query"
	CodeDatabaseExists      Code = "database_exists"
	CodeTableExists         Code = "table_exists"
	CodeShardKeyRequired    Code = "shard_key_required"
	CodeShardKeyMismatch    Code = "shard_key_mismatch"
	CodeShardKeyImmutable   Code = "shard_key_immutable"
	CodeIdempotencyMismatch Code = "idempotency_mismatch"
	CodeNotFound            Code = "not_found"
	CodeMethodNotAllowed    Code = "method_not_allowed"
	CodeUnauthorized        Code = "unauthorized"
	CodeForbidden           Code = "forbidden"

	// The data is invalid: the database refused the row. Problem.SQLNumber is SQL Server's number
	// for the same error.
	CodeDuplicateKey     Code = "duplicate_key"
	CodeNullViolation    Code = "null_violation"
	CodeValueTooLong     Code = "value_too_long"
	CodeOutOfRange       Code = "out_of_range"
	CodeConversionFailed Code = "conversion_failed"
	CodeDivideByZero     Code = "divide_by_zero"

	// The cluster's state is the cause; the same request may succeed elsewhere or later.
	CodeNotPrimary       Code = "not_primary"
	CodeAlreadyPrimary   Code = "already_primary"
	CodeStaleTerm        Code = "stale_term"
	CodeStaleMap         Code = "stale_map"
	CodeStaleSchema      Code = "stale_schema"
	CodeWrongShard       Code = "wrong_shard"
	CodeShardUnavailable Code = "shard_unavailable"
	CodeStorageFailed    Code = "storage_failed"
	CodeShardTimeout     Code = "shard_timeout"
	CodeShardBadAnswer   Code = "shard_bad_answer"
	CodeWorkerUnproven   Code = "worker_unproven"
	CodePartialFailure   Code = "partial_failure"
	CodeShardEmptied     Code = "shard_emptied"
	CodeFailoverFailed   Code = "failover_failed"
	CodeOverloaded       Code = "overloaded"
	CodeCanceled         Code = "canceled"
	CodeQueryTimeout     Code = "query_timeout"

	// The write may or may not have happened. It must be neither reported as failed nor repeated
	// without an Idempotency-Key.
	CodeOutcomeUnknown Code = "outcome_unknown"

	CodeInternal Code = "internal"
)

// The HTTP statuses of the codes. They are not those of net/http, so that what is linked into
// programs of other languages does not contain an HTTP server.
const (
	statusBadRequest            = 400
	statusUnauthorized          = 401
	statusForbidden             = 403
	statusNotFound              = 404
	statusMethodNotAllowed      = 405
	statusConflict              = 409
	statusRequestEntityTooLarge = 413
	statusUnsupportedMediaType  = 415
	statusUnprocessableEntity   = 422
	statusInternalServerError   = 500
	statusBadGateway            = 502
	statusServiceUnavailable    = 503
	statusGatewayTimeout        = 504
	// nginx's "client closed request"; no registered status fits.
	statusCanceled = 499
)

var codeInfo = map[Code]struct {
	status  int
	title   string
	lasting bool // see [Code.Lasting]
}{
	CodeInvalidJSON:         {statusBadRequest, "The body is not valid JSON", true},
	CodeBodyTooLarge:        {statusRequestEntityTooLarge, "The body is too large", true},
	CodeUnsupportedMedia:    {statusUnsupportedMediaType, "The body is not declared as JSON", true},
	CodeMissingField:        {statusBadRequest, "A required field is missing", true},
	CodeUnknownField:        {statusBadRequest, "The request has an unknown field", true},
	CodeInvalidField:        {statusBadRequest, "A field has an invalid value", true},
	CodeInvalidIdentifier:   {statusBadRequest, "A name is not a valid identifier", true},
	CodeSyntax:              {statusBadRequest, "The SQL text cannot be parsed", true},
	CodeUnsupported:         {statusBadRequest, "This is not supported", true},
	CodeTooComplex:          {statusBadRequest, "The request is too large or too deep", true},
	CodeUnknownDatabase:     {statusNotFound, "The database does not exist", false},
	CodeUnknownTable:        {statusNotFound, "The table does not exist", false},
	CodeUnknownColumn:       {statusBadRequest, "The column does not exist", false},
	CodeAmbiguousColumn:     {statusBadRequest, "The column name is ambiguous", true},
	CodeUnknownQuery:        {statusNotFound, "No such statement is running", false},
	CodeDatabaseExists:      {statusConflict, "The database already exists", false},
	CodeTableExists:         {statusConflict, "The table already exists", false},
	CodeShardKeyRequired:    {statusBadRequest, "A shard key is required", true},
	CodeShardKeyMismatch:    {statusBadRequest, "The shard key contradicts the row or condition", true},
	CodeShardKeyImmutable:   {statusBadRequest, "A shard key cannot be changed", true},
	CodeIdempotencyMismatch: {statusUnprocessableEntity, "The Idempotency-Key was used for another request", true},
	CodeNotFound:            {statusNotFound, "The path does not exist", false},
	CodeMethodNotAllowed:    {statusMethodNotAllowed, "The method is not allowed for this path", false},
	CodeUnauthorized:        {statusUnauthorized, "The token is missing or wrong", false},
	CodeForbidden:           {statusForbidden, "This request is not allowed", false},
	CodeDuplicateKey:        {statusConflict, "A row with this key already exists", true},
	CodeNullViolation:       {statusUnprocessableEntity, "A column cannot be NULL", true},
	CodeValueTooLong:        {statusUnprocessableEntity, "A value is too long for its column", true},
	CodeOutOfRange:          {statusUnprocessableEntity, "A value is out of its type's range", true},
	CodeConversionFailed:    {statusUnprocessableEntity, "A value cannot be converted to its type", true},
	CodeDivideByZero:        {statusUnprocessableEntity, "Division by zero", true},
	CodeNotPrimary:          {statusConflict, "This master is not the primary", false},
	CodeAlreadyPrimary:      {statusConflict, "This master is already the primary", false},
	CodeStaleTerm:           {statusConflict, "A newer primary has taken over", false},
	CodeStaleMap:            {statusConflict, "The slot map has changed", false},
	CodeStaleSchema:         {statusConflict, "The table's definition has changed", false},
	CodeWrongShard:          {statusConflict, "The worker holds a different shard", false},
	CodeShardEmptied:        {statusServiceUnavailable, "A shard has lost its data", false},
	CodeShardUnavailable:    {statusServiceUnavailable, "A shard cannot be reached", false},
	CodeStorageFailed:       {statusServiceUnavailable, "A worker's storage has failed", false},
	CodeShardTimeout:        {statusGatewayTimeout, "A shard did not answer in time", false},
	CodeShardBadAnswer:      {statusBadGateway, "A shard's answer cannot be used", false},
	CodeWorkerUnproven:      {statusBadGateway, "The listener at a worker's address is not proven to be the worker", false},
	CodePartialFailure:      {statusBadGateway, "Some shards succeeded and others failed", false},
	CodeFailoverFailed:      {statusServiceUnavailable, "The failover failed", false},
	CodeOverloaded:          {statusServiceUnavailable, "Too many requests are in progress", false},
	CodeCanceled:            {statusCanceled, "The request was cancelled", false},
	CodeQueryTimeout:        {statusGatewayTimeout, "The statement timed out", false},
	CodeOutcomeUnknown:      {statusGatewayTimeout, "The outcome of the write is unknown", false},
	CodeInternal:            {statusInternalServerError, "Internal error", false},
}

// Codes returns all codes, in no particular order, for tests and documents.
func Codes() []Code {
	all := make([]Code, 0, len(codeInfo))
	for c := range codeInfo {
		all = append(all, c)
	}
	return all
}

// Status returns the HTTP status for the code; 500 for an unknown code.
func (c Code) Status() int {
	if info, ok := codeInfo[c]; ok {
		return info.status
	}
	return statusInternalServerError
}

// Title returns one short sentence for the code, the same for each occurrence.
func (c Code) Title() string {
	if info, ok := codeInfo[c]; ok {
		return info.title
	}
	return codeInfo[CodeInternal].title
}

// Lasting reports whether the request or its data is the cause, so that the same request fails
// again. It is false if the cause is elsewhere and may pass: the state of the cluster, its schema
// (which may lack a table on one shard only), a token, or another version of a service.
func (c Code) Lasting() bool { return codeInfo[c].lasting }

// Problem is an error as sent to clients: an RFC 9457 application/problem+json document with
// Shardeck's members. It implements error; match it with errors.As or [CodeOf], never by its
// text. A Problem must not be modified once it has been returned: use the methods that return
// copies.
//
// Detail says what happened, Hint what to do next. Neither may contain a secret.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      Code   `json:"code"`
	Hint      string `json:"hint,omitempty"`
	RequestID string `json:"request_id,omitempty"`

	// Field is the JSON path of the field at fault, such as "rows[3].name".
	Field string `json:"field,omitempty"`
	// Offset is the byte offset, from 0, of the fault in a SQL text.
	Offset *int `json:"offset,omitempty"`
	// Statement is the number, from 1, of the statement at fault among several; 0 if there is one.
	Statement int `json:"statement,omitzero"`
	// SQLNumber is SQL Server's number for the same error; 0 if there is none.
	SQLNumber int `json:"sql_number,omitzero"`
	// Column is the column at fault if the database refused a value.
	Column string `json:"column,omitempty"`
	// Row is the index, from 0, of the row at fault among those sent.
	Row *int `json:"row,omitempty"`

	// Shard is the shard where it happened, if it was a single shard.
	Shard *int `json:"shard,omitempty"`
	// Worker is the name of that shard's worker.
	Worker string `json:"worker,omitempty"`
	// Causes are the shards' own problems if several were involved.
	Causes []Problem `json:"causes,omitempty"`
	// Applied lists what succeeded when Causes lists what failed.
	Applied []ShardResult `json:"applied,omitempty"`
	// Rows reports the outcome of each row of a failed multi-row insert.
	Rows *RowOutcomes `json:"rows,omitempty"`

	// Primary is the base URL of the primary, if known, with not_primary and stale_term.
	Primary string `json:"primary,omitempty"`
	// Term and MapVersion are the worker's stored fence, with stale_term and stale_map.
	Term       uint64 `json:"term,omitzero"`
	MapVersion uint64 `json:"map_version,omitzero"`
}

// NewProblem returns a problem with the code's status and title and the formatted detail.
func NewProblem(code Code, format string, args ...any) *Problem {
	return &Problem{
		Type:   "urn:shardeck:problem:" + string(code),
		Title:  code.Title(),
		Status: code.Status(),
		Code:   code,
		Detail: fmt.Sprintf(format, args...),
	}
}

// Error returns the code, the location and the detail in one line.
func (p *Problem) Error() string {
	s := string(p.Code)
	if p.Shard != nil {
		s += " (shard " + strconv.Itoa(*p.Shard)
		if p.Worker != "" {
			s += ", " + p.Worker
		}
		s += ")"
	}
	if p.Field != "" {
		s += " at " + p.Field
	}
	return s + ": " + p.Detail
}

// Hinted returns a copy with a hint on what to do next.
func (p *Problem) Hinted(format string, args ...any) *Problem {
	q := *p
	q.Hint = fmt.Sprintf(format, args...)
	return &q
}

// At returns a copy that names the field at fault.
func (p *Problem) At(field string) *Problem {
	q := *p
	q.Field = field
	return &q
}

// Numbered returns a copy with SQL Server's number for the same error.
func (p *Problem) Numbered(number int) *Problem {
	q := *p
	q.SQLNumber = number
	return &q
}

// maxClipped bounds how much client text an error repeats, in bytes.
const maxClipped = 60

// Clip truncates client text to what an error may repeat.
func Clip(s string) string {
	if len(s) > maxClipped {
		return strings.ToValidUTF8(s[:maxClipped], "") + "..."
	}
	return s
}

// On returns a copy that names the shard where it happened.
func (p *Problem) On(shard int, worker string) *Problem {
	q := *p
	q.Shard, q.Worker = &shard, worker
	return &q
}

// reasonCodes maps the reasons of type and value errors to codes.
var reasonCodes = map[sqltypes.Reason]Code{
	sqltypes.TooLong:          CodeValueTooLong,
	sqltypes.OutOfRange:       CodeOutOfRange,
	sqltypes.ConversionFailed: CodeConversionFailed,
	sqltypes.DivideByZero:     CodeDivideByZero,
	sqltypes.InvalidArgument:  CodeInvalidField,
	sqltypes.Unsupported:      CodeUnsupported,
	sqltypes.TooComplex:       CodeTooComplex,
}

// ProblemOf returns the Problem in err's chain, or the Problem for a *sqltypes.Error there. The
// caller adds the location: Column, Row, Field. It returns false if the chain has neither.
func ProblemOf(err error) (*Problem, bool) {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p, true
	}
	if e, ok := errors.AsType[*sqltypes.Error](err); ok {
		code, known := reasonCodes[e.Reason]
		if !known {
			return nil, false
		}
		p := NewProblem(code, "%s", e.Msg)
		p.SQLNumber, p.Hint = e.Number, e.Hint
		return p, true
	}
	return nil, false
}

// WrongShard is the problem for a worker at url that holds another shard than it should.
func WrongShard(url, got, want string) *Problem {
	return NewProblem(CodeWrongShard, "the worker at %s holds shard %s, not %s", url, got, want).
		Hinted("check the order and number of MASTER_WORKERS: a worker keeps the place it was first given")
}

// AsProblem returns err's problem as [ProblemOf] does. Any other error becomes internal, with a
// detail that reveals nothing; the caller logs err itself. It returns nil for nil.
func AsProblem(err error) *Problem {
	if err == nil {
		return nil
	}
	if p, ok := ProblemOf(err); ok {
		return p
	}
	return NewProblem(CodeInternal, "an unexpected error occurred; see the service's log for this request_id")
}

// CodeOf returns the code of err's problem, CodeInternal for an error without one and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if p, ok := ProblemOf(err); ok {
		return p.Code
	}
	return CodeInternal
}
