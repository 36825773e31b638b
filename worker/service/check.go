package service

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shardeck/shared/api"
	"shardeck/worker/engine/contract"
)

// The requests as decoded: the fence is a pointer, so that a missing one is not taken for zeros.
type (
	dbRequest struct {
		DB    string     `json:"db_name"`
		Fence *api.Fence `json:"fence"`
	}

	execRequest struct {
		DB          string           `json:"db_name"`
		Fence       *api.Fence       `json:"fence"`
		Idempotency *api.Idempotency `json:"idempotency"`
		Statements  []api.Statement  `json:"statements"`
		TimeoutMS   int64            `json:"timeout_ms"`
	}
)

// maxTimeoutMS bounds a request's timeout_ms: a day.
const maxTimeoutMS = 24 * 60 * 60 * 1000

func (q *dbRequest) check() error {
	if p := api.CheckIdentifier("db_name", q.DB); p != nil {
		return p
	}
	return checkFence(q.Fence)
}

func checkFence(f *api.Fence) error {
	if f == nil {
		return missing("fence")
	}
	if p := contract.CheckTerm("fence.term", f.Term); p != nil {
		return p
	}
	return nil
}

func (q *execRequest) check() error {
	if p := api.CheckIdentifier("db_name", q.DB); p != nil {
		return p
	}
	if err := checkFence(q.Fence); err != nil {
		return err
	}
	if err := checkTimeout(q.TimeoutMS); err != nil {
		return err
	}
	if k := q.Idempotency; k != nil {
		switch {
		case len(k.Key) == 0 || len(k.Key) > 255:
			return invalid("idempotency.key", "must have 1 to 255 bytes")
		case len(k.Hash) != 64 || strings.Trim(k.Hash, "0123456789abcdef") != "":
			return invalid("idempotency.hash", "must be a SHA-256 in lower-case hexadecimal")
		}
	}
	if len(q.Statements) == 0 && q.Idempotency == nil {
		return missing("statements")
	}
	for i := range q.Statements {
		if err := checkStatement(i, &q.Statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkStatement(i int, st *api.Statement) error {
	at := func(field string) string { return fmt.Sprintf("statements[%d].%s", i, field) }
	if st.SQL == "" {
		return missing(at("sql"))
	}
	if p := api.CheckIdentifier(at("table"), st.Table); p != nil {
		return p
	}
	switch {
	case st.Effect == api.EffectInsert && len(st.Columns) != len(st.Types):
		return invalid(at("columns"), "must name the column of each parameter of the insert")
	case st.Effect != api.EffectInsert && len(st.Columns) > 0:
		return invalid(at("columns"), "is only allowed with insert")
	}
	switch st.Effect {
	case "":
		return missing(at("effect"))
	case api.EffectCreateTable, api.EffectAlterTable:
		switch {
		case st.Definition == nil:
			return missing(at("definition"))
		case !api.SameName(st.Definition.Name, st.Table):
			return invalid(at("definition.name"), "must match the table's name")
		case len(st.Definition.Columns) == 0:
			return missing(at("definition.columns"))
		}
		return nil
	case api.EffectInsert, api.EffectUpdate, api.EffectDelete, api.EffectDropTable, api.EffectCreateIndex:
		if st.Definition != nil {
			return invalid(at("definition"), "is only allowed with create_table and alter_table")
		}
		return nil
	}
	return invalid(at("effect"), "must be insert, update, delete, create_table, drop_table, create_index or alter_table")
}

func checkQuery(q *api.QueryRequest) error {
	if p := api.CheckIdentifier("db_name", q.DB); p != nil {
		return p
	}
	if q.SQL == "" {
		return missing("sql")
	}
	if len(q.ResultTypes) == 0 {
		return missing("result_types")
	}
	return checkTimeout(q.TimeoutMS)
}

func checkState(up *api.StateUpdate) error {
	if up.Term == 0 {
		return invalid("term", "must be 1 or more: terms start at 1")
	}
	if p := contract.CheckTerm("term", up.Term); p != nil {
		return p
	}
	if up.Leader == "" {
		return missing("leader")
	}
	u, err := url.Parse(up.Leader)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(up.Leader) > 1000 {
		return invalid("leader", "must be the base URL of the master that acquires the term")
	}
	if up.Shard == "" {
		return missing("shard")
	}
	i, n, ok := strings.Cut(up.Shard, "/")
	shard, err1 := strconv.ParseUint(i, 10, 16)
	shards, err2 := strconv.ParseUint(n, 10, 16)
	if !ok || err1 != nil || err2 != nil || shard >= shards {
		return invalid("shard", `must be the shard's number and the number of shards, such as "0/3"`)
	}
	return nil
}

func checkTimeout(ms int64) error {
	if ms < 0 || ms > maxTimeoutMS {
		return invalid("timeout_ms", "must be from 0 to "+strconv.Itoa(maxTimeoutMS))
	}
	return nil
}

func missing(field string) *api.Problem {
	return api.NewProblem(api.CodeMissingField, "%s is missing or empty", field).At(field).
		Hinted("see worker-openapi.yaml for the required fields")
}

func invalid(field, rule string) *api.Problem {
	return api.NewProblem(api.CodeInvalidField, "%s %s", field, rule).At(field)
}
