package service

import (
	"net/http"

	"shardeck/shared/api"
	"shardeck/shared/httpserve"
)

// routes is the complete HTTP surface of a master. All routes require the API token if one
// is configured, except step-down, which masters call with the cluster's token.
func (s *Service) routes() http.Handler {
	token := httpserve.NewToken(s.cfg.apiToken)
	public := func(method, path string, h httpserve.Handler) httpserve.Route {
		return httpserve.Route{Method: method, Path: path, Handler: s.metrics.route(path, httpserve.RequireBearer(token, h))}
	}
	return httpserve.NewRouter(
		public("POST", api.PathCreateDB, s.counted(s.handOn(api.PathCreateDB, s.createDB))),
		public("POST", api.PathDropDB, s.counted(s.handOn(api.PathDropDB, s.dropDB))),
		public("POST", api.PathCreateTable, s.counted(s.handOn(api.PathCreateTable, s.createTable))),
		public("POST", api.PathDeleteTable, s.counted(s.handOn(api.PathDeleteTable, s.deleteTable))),
		public("POST", api.PathRepairTable, s.counted(s.repairTable)),
		public("POST", api.PathInsert, s.counted(s.insert)),
		public("POST", api.PathSelect, s.counted(s.selectRows)),
		public("POST", api.PathQuery, s.counted(s.query)),
		public("GET", api.PathQueries, s.listQueries),
		public("DELETE", api.PathQueriesID, s.cancelQuery),
		public("POST", api.PathUpdate, s.counted(s.update)),
		public("POST", api.PathDelete, s.counted(s.deleteRows)),
		public("POST", api.PathMapReduceCount, s.counted(s.count)),
		public("POST", api.PathSecurityCheck, s.securityCheck),
		public("POST", api.PathFailover, s.failover),
		public("GET", api.PathFailover, s.failovers),
		public("GET", api.PathMetadata, s.metadata),
		public("GET", api.PathHealth, s.health),
		public("GET", api.PathTraffic, s.traffic),
		public("GET", api.PathEvents, s.streamEvents),
		public("GET", api.PathMetrics, s.writeMetrics),
		public("GET", api.PathOpenAPI, s.openAPI),
		httpserve.Route{Method: "POST", Path: api.StepDownPath, Handler: s.metrics.route(api.StepDownPath,
			httpserve.RequireMasterToken(httpserve.NewToken(s.cfg.token), s.stepDown))},
	)
}
