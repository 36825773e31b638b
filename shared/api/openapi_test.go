package api_test

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"shardeck/shared/api"
	"shardeck/shared/contracttest"
)

// both lists the schemas that the two documents share.
var both = map[string]any{
	"ColumnDef":     api.ColumnDef{},
	"EndInfo":       api.EndInfo{},
	"IndexColumn":   api.IndexColumn{},
	"IndexDef":      api.IndexDef{},
	"Problem":       api.Problem{},
	"Route":         api.Route{},
	"RouteKey":      api.RouteKey{},
	"RowOutcomes":   api.RowOutcomes{},
	"RowSet":        api.RowSet{},
	"ShardResult":   api.ShardResult{},
	"StatementInfo": api.StatementInfo{},
	"StreamEnd":     api.StreamEnd{},
	"StreamError":   api.StreamError{},
	"TableDef":      api.TableDef{},
}

var masterTypes = with(both, map[string]any{
	"Counters":               api.Counters{},
	"RecentRequest":          api.RecentRequest{},
	"TrafficReport":          api.TrafficReport{},
	"StreamHead":             api.StreamHead{},
	"Column":                 api.Column{},
	"CountGroup":             api.CountGroup{},
	"CreateDBRequest":        api.CreateDBRequest{},
	"CreateTableRequest":     api.CreateTableRequest{},
	"CopyResult":             api.CopyResult{},
	"DDLResponse":            api.DDLResponse{},
	"DatabaseInfo":           api.DatabaseInfo{},
	"DeleteRequest":          api.DeleteRequest{},
	"DeleteTableRequest":     api.DeleteTableRequest{},
	"RepairTableRequest":     api.RepairTableRequest{},
	"RepairTableResponse":    api.RepairTableResponse{},
	"Drift":                  api.Drift{},
	"DropDBRequest":          api.DropDBRequest{},
	"EmptyRequest":           struct{}{},
	"Endpoint":               api.Endpoint{},
	"Event":                  api.Event{},
	"Explain":                api.Explain{},
	"ExplainFragment":        api.ExplainFragment{},
	"ExplainStatement":       api.ExplainStatement{},
	"ExplainStep":            api.ExplainStep{},
	"FailoverCheck":          api.FailoverCheck{},
	"FailoverRequest":        api.FailoverRequest{},
	"FailoverResponse":       api.FailoverResponse{},
	"FailoversResponse":      api.FailoversResponse{},
	"FailoverStep":           api.FailoverStep{},
	"Health":                 api.Health{},
	"InsertRequest":          api.InsertRequest{},
	"MapReduceCountRequest":  api.MapReduceCountRequest{},
	"MapReduceCountResponse": api.MapReduceCountResponse{},
	"MasterInfo":             api.MasterInfo{},
	"Metadata":               api.Metadata{},
	"PeerInfo":               api.PeerInfo{},
	"QueriesResponse":        api.QueriesResponse{},
	"RunningPart":            api.RunningPart{},
	"RunningQuery":           api.RunningQuery{},
	"SQLRequest":             api.SQLRequest{},
	"SQLResponse":            api.SQLResponse{},
	"SecurityCheckResponse":  api.SecurityCheckResponse{},
	"SecurityProbe":          api.SecurityProbe{},
	"SecurityWorker":         api.SecurityWorker{},
	"SelectRequest":          api.SelectRequest{},
	"SelectResponse":         api.SelectResponse{},
	"LeaseInfo":              api.LeaseInfo{},
	"ShardHealth":            api.ShardHealth{},
	"StepDownRequest":        api.StepDownRequest{},
	"TableInfo":              api.TableInfo{},
	"Traffic":                api.Traffic{},
	"Unavailability":         api.Unavailability{},
	"UpdateRequest":          api.UpdateRequest{},
	"WorkerInfo":             api.WorkerInfo{},
	"WriteResponse":          api.WriteResponse{},
})

var workerTypes = with(both, map[string]any{
	"DBRequest":      api.DBRequest{},
	"DBResponse":     api.DBResponse{},
	"DatabaseStats":  api.DatabaseStats{},
	"ExecRequest":    api.ExecRequest{},
	"ExecResponse":   api.ExecResponse{},
	"Fence":          api.Fence{},
	"Idempotency":    api.Idempotency{},
	"QueryRequest":   api.QueryRequest{},
	"StateUpdate":    api.StateUpdate{},
	"Statement":      api.Statement{},
	"StorageFailure": api.StorageFailure{},
	"StorageProblem": api.StorageProblem{},
	"TableStats":     api.TableStats{},
	"WorkerHealth":   api.WorkerHealth{},
	"WorkerState":    api.WorkerState{},
	"WorkerStats":    api.WorkerStats{},
})

// plain lists the schemas that describe values rather than Go structs.
var plain = []string{"Identifier", "NameList", "ProblemCode", "Role", "Row", "RowObject", "ShardState", "StorageCode", "Value"}

// closed lists the objects that a service decodes strictly.
var closed = []string{
	"CreateDBRequest", "CreateTableRequest", "DBRequest", "DeleteRequest", "DeleteTableRequest", "DropDBRequest", "EmptyRequest", "RepairTableRequest",
	"ExecRequest", "FailoverRequest", "Fence", "Idempotency", "InsertRequest", "MapReduceCountRequest", "QueryRequest", "SQLRequest", "SelectRequest", "StateUpdate",
	"Statement", "StepDownRequest", "UpdateRequest",
}

func with(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func load(t testing.TB, yaml []byte) *contracttest.Document {
	t.Helper()
	doc, err := contracttest.Load(yaml)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentsNameTheGoTypesFields(t *testing.T) {
	for _, tc := range []struct {
		name  string
		yaml  []byte
		types map[string]any
	}{
		{"master", api.MasterOpenAPI(), masterTypes},
		{"worker", api.WorkerOpenAPI(), workerTypes},
	} {
		doc := load(t, tc.yaml)
		for _, name := range doc.Schemas() {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				v, ok := tc.types[name]
				if !ok {
					if !slices.Contains(plain, name) {
						t.Error("this schema has no Go type in the tables above")
					}
					return
				}
				sameStruct(t, doc.Schema(name), reflect.TypeOf(v))
				has := doc.Schema(name).AdditionalProperties.Has
				if isClosed := has != nil && !*has; isClosed != slices.Contains(closed, name) {
					t.Errorf("additionalProperties: false is %v; requests are closed and answers open", isClosed)
				}
			})
		}
		for name := range tc.types {
			if doc.Schema(name) == nil {
				t.Errorf("%s: no schema %s", tc.name, name)
			}
		}
	}
}

// sameStruct compares a schema's properties with a struct's JSON members.
func sameStruct(t *testing.T, s *openapi3.Schema, typ reflect.Type) {
	fields := members(typ)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(s.Properties))); diff != "" && len(fields)+len(s.Properties) > 0 {
		t.Fatalf("members, Go (-) and document (+):\n%s", diff)
	}
	for name, f := range fields {
		optional := strings.Contains(f.Tag.Get("json"), ",omit")
		if slices.Contains(s.Required, name) == optional {
			t.Errorf("%s: optional in Go is %v, in the document %v", name, optional, !optional)
		}
		if want := jsonType(f.Type); want != "" && !permits(s.Properties[name].Value, want) {
			t.Errorf("%s: Go writes a JSON %s, which the document does not allow", name, want)
		}
	}
}

// members lists a struct's JSON members, those of embedded structs included.
func members(typ reflect.Type) map[string]reflect.StructField {
	all := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(typ) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous && name != "" && name != "-" {
			all[name] = f
		}
	}
	return all
}

// jsonType is the JSON type that a Go type encodes to; "" if it depends on the value.
func jsonType(typ reflect.Type) string {
	if typ.Kind() == reflect.Pointer {
		return jsonType(typ.Elem())
	}
	switch typ {
	case reflect.TypeFor[time.Time]():
		return "string"
	case reflect.TypeFor[jsontext.Value](), reflect.TypeFor[api.NameList]():
		return ""
	}
	if strings.HasPrefix(typ.Name(), "Object[") {
		return "object"
	}
	if typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return "string"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "unknown"
}

func permits(s *openapi3.Schema, typ string) bool {
	if s.Type.Is(typ) {
		return true
	}
	if typ != "string" || (s.Const == nil && len(s.Enum) == 0) {
		return false
	}
	for _, v := range append(slices.Clone(s.Enum), s.Const) {
		if _, ok := v.(string); !ok && v != nil {
			return false
		}
	}
	return true
}

func TestDocumentsListEveryProblemCode(t *testing.T) {
	want := api.Codes()
	slices.Sort(want)
	for name, yaml := range map[string][]byte{"master": api.MasterOpenAPI(), "worker": api.WorkerOpenAPI()} {
		var got []api.Code
		for _, v := range load(t, yaml).Schema("ProblemCode").Enum {
			got = append(got, api.Code(v.(string)))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: codes, Go (-) and document (+):\n%s", name, diff)
		}
	}
}

func TestDocumentsAgreeOnWhatTheyShare(t *testing.T) {
	master, worker := load(t, api.MasterOpenAPI()), load(t, api.WorkerOpenAPI())
	for _, name := range worker.Schemas() {
		if master.Schema(name) == nil {
			continue
		}
		var texts [2]string
		for i, doc := range []*contracttest.Document{master, worker} {
			b, err := json.Marshal(doc.Schema(name), json.Deterministic(true))
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = string(b)
		}
		if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
			t.Errorf("%s, master (-) and worker (+):\n%s", name, diff)
		}
	}
}

func TestMasterDocumentHasThePathConstants(t *testing.T) {
	want := []api.Endpoint{
		{Method: "POST", Path: api.PathCreateDB}, {Method: "POST", Path: api.PathCreateTable},
		{Method: "POST", Path: api.PathDelete}, {Method: "POST", Path: api.PathDeleteTable},
		{Method: "POST", Path: api.PathDropDB}, {Method: "GET", Path: api.PathEvents},
		{Method: "GET", Path: api.PathFailover}, {Method: "POST", Path: api.PathFailover}, {Method: "GET", Path: api.PathHealth},
		{Method: "POST", Path: api.PathInsert}, {Method: "POST", Path: api.PathMapReduceCount},
		{Method: "GET", Path: api.PathMetadata}, {Method: "GET", Path: api.PathMetrics},
		{Method: "GET", Path: api.PathOpenAPI}, {Method: "GET", Path: api.PathQueries},
		{Method: "DELETE", Path: api.PathQueriesID}, {Method: "POST", Path: api.PathQuery}, {Method: "POST", Path: api.PathRepairTable}, {Method: "POST", Path: api.PathSecurityCheck},
		{Method: "POST", Path: api.PathSelect}, {Method: "POST", Path: api.StepDownPath}, {Method: "GET", Path: api.PathTraffic},
		{Method: "POST", Path: api.PathUpdate},
	}
	if diff := cmp.Diff(want, load(t, api.MasterOpenAPI()).Endpoints()); diff != "" {
		t.Errorf("endpoints, Go (-) and document (+):\n%s", diff)
	}
}

func TestWorkerDocumentGuardsTheGuardedEndpoints(t *testing.T) {
	want := append(api.GuardedWorkerEndpoints(), api.Endpoint{Method: "GET", Path: api.WorkerHealthPath})
	slices.SortFunc(want, func(a, b api.Endpoint) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	if diff := cmp.Diff(want, load(t, api.WorkerOpenAPI()).Endpoints()); diff != "" {
		t.Errorf("endpoints, Go (-) and document (+):\n%s", diff)
	}
}
