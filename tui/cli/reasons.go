package cli

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/shared/api"
)

// addReasons adds what the master itself says is wrong, unless the report says it already: that a
// lease cannot be read, for example, is not in its metadata.
func (r *StatusReport) addReasons(h *api.Health) {
	for _, why := range h.Reasons {
		known := slices.ContainsFunc(r.Reasons, func(have string) bool {
			return strings.Contains(have, why) || strings.TrimPrefix(have, "drift: ") == strings.TrimPrefix(why, "schema drift: ")
		})
		if !known {
			r.worsen(api.StatusDegraded, why)
		}
	}
}

// mixedClusters names the masters that answer and belong to different clusters; empty if they all
// belong to one.
func mixedClusters(seen []Sighting) string {
	var ids []string
	members := map[string][]string{}
	for i := range seen {
		if seen[i].Metadata == nil || seen[i].Metadata.Master.Cluster == "" {
			continue
		}
		id := seen[i].Metadata.Master.Cluster
		if members[id] == nil {
			ids = append(ids, id)
		}
		members[id] = append(members[id], seen[i].Endpoint.URL)
	}
	if len(ids) < 2 {
		return ""
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = fmt.Sprintf("%s (cluster %s)", strings.Join(members[id], ", "), id)
	}
	return "the masters belong to different clusters: " + strings.Join(texts, " and ")
}

// ofFirstCluster returns the sightings of the cluster of the first master that answers, and those
// that do not say which they are of. Terms of different clusters cannot be compared.
func ofFirstCluster(seen []Sighting) []Sighting {
	first := ""
	var out []Sighting
	for _, s := range seen {
		id := ""
		if s.Metadata != nil {
			id = s.Metadata.Master.Cluster
		}
		if first == "" {
			first = id
		}
		if id == "" || id == first {
			out = append(out, s)
		}
	}
	return out
}

// automatic reports whether a backup takes over by itself.
func automatic(l api.LeaseInfo) bool { return l.Kind != "" && l.Kind != "manual" }

// leaseText describes the lease; empty if the master says nothing of one.
func leaseText(l api.LeaseInfo) string {
	switch {
	case l.Kind == "":
		return ""
	case !automatic(l):
		return l.Kind + ": the primary leads until somebody asks for a failover"
	case !l.Known:
		return l.Kind + ": cannot be read, so no backup can take over; last held by " + orDash(l.Holder)
	case l.Free:
		return l.Kind + ": free, a backup may take it; last held by " + orDash(l.Holder)
	}
	return fmt.Sprintf("%s: held by %s with term %d, for %s unless it is renewed", l.Kind, orDash(l.Holder), l.Term, millis(l.ExpiresInMS))
}
