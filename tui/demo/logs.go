package demo

import (
	"context"
	"fmt"
	"strings"
)

// shownLog is how many lines of a worker's log the console shows at most.
const shownLog = 40

// WorkerLog returns the last lines of the log of the worker at a base URL.
func (c *Cluster) WorkerLog(_ context.Context, url string) ([]string, error) {
	for _, p := range c.workers {
		if p.url == url {
			return strings.Split(tail(p.logPath, shownLog), "\n"), nil
		}
	}
	return nil, fmt.Errorf("%s is not a worker of this demo", url)
}
