package testcluster

import (
	"net"
	"testing"

	"shardeck/shared/api"
)

// TestABackupsPortIsTaken: the primary has told the workers its address by then, and still leads
// them when all masters have restarted.
func TestABackupsPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{Token: "testcluster-ports", tb: t}
	o := Options{Workers: 1, Masters: 2, DataDir: t.TempDir()}
	t.Cleanup(c.finish)
	c.startWorkers(o)
	first := freePorts(t, 1)[0]
	c.startMasters(o, []string{first, port})
	c.AwaitReady(1)
	h, err := c.Master(0).Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if h.Role != api.RolePrimary || c.Masters[0].URL != "http://127.0.0.1:"+first || c.Masters[1].URL == "http://127.0.0.1:"+port {
		t.Errorf("%s at %s, with a backup at %s", h.Role, c.Masters[0].URL, c.Masters[1].URL)
	}
}
