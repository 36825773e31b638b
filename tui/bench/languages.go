package bench

import (
	"context"
	"errors"
	"fmt"

	"shardeck/shared/api"
	"shardeck/shared/polyglot"
	"shardeck/tui/demo"
)

// languageTargets are the target ratios of point selects to those with workers in Go.
var languageTargets = map[string]float64{"node": 0.5, "python": 0.25}

// languages compares clusters whose workers are all in one other language with one whose
// workers are in Go: the masters and the load are the same.
func (r *rig) languages(ctx context.Context) error {
	root, err := polyglot.Root()
	var programs []polyglot.Worker
	if err == nil {
		programs, err = polyglot.Ready(ctx, root)
	}
	if err != nil {
		r.report.note("workers in other languages were not measured: %v", err)
		return nil
	}
	if err := r.ensureBig(ctx); err != nil {
		return err
	}
	for _, p := range programs {
		if err := r.language(ctx, root, p); err != nil {
			return fmt.Errorf("%s: %w", p.Language, err)
		}
	}
	return r.workerMemory("go", &r.deployment)
}

func (r *rig) language(ctx context.Context, root string, p polyglot.Worker) (err error) {
	programs := []polyglot.Worker{p, p, p}
	other, err := deploy(ctx, r.http, demo.Options{FreePorts: true, LogLevel: "warn", Programs: programs, Root: root})
	defer func() { err = errors.Join(err, other.close()) }()
	if err != nil {
		return err
	}
	const baseline = "the same with workers in Go"
	for _, n := range r.cmd.Clients {
		got, err := r.compare(ctx, n, func(int, int) request { return other.oneSelect() }, func(int, int) request { return r.oneSelect() })
		if err != nil {
			return err
		}
		r.report.ratio("point select, workers in "+p.Language, n, baseline, got, targetAt(n, languageTargets[p.Language]))
	}
	for _, n := range r.cmd.Clients {
		got, err := r.compare(ctx, n,
			func(int, int) request { return r.oneInsert(other.primary + api.PathInsert) },
			func(int, int) request { return r.oneInsert(r.primary + api.PathInsert) })
		if err != nil {
			return err
		}
		r.report.ratio("durable single-row insert, workers in "+p.Language, n, baseline, got, 0)
	}
	return r.languageScan(ctx, p.Language, &other, baseline)
}

// languageScan compares the scan of the big table. What its rows need in the workers' memory
// would show in their peak, whose bound is far below the table's size.
func (r *rig) languageScan(ctx context.Context, language string, other *deployment, baseline string) error {
	if err := other.createTable(ctx, bigTable); err != nil {
		return err
	}
	if err := other.fill(ctx, bigTable, r.cmd.Rows); err != nil {
		return err
	}
	body := fmt.Appendf(nil, `{"db_name":%q,"table":%q}`, benchDB, bigTable)
	before, _ := r.peakOfWorkers(other)
	got, err := ratios(r.cmd.Rounds,
		func() (float64, error) { return r.streamAll(ctx, other.primary+api.PathSelect, body) },
		func() (float64, error) { return r.streamAll(ctx, r.primary+api.PathSelect, body) })
	if err != nil {
		return err
	}
	r.report.ratio(fmt.Sprintf("scan of %d rows, workers in %s", r.cmd.Rows, language), 1, baseline, got, 0)
	if after, err := r.peakOfWorkers(other); err == nil {
		r.report.note("the scans raised the peak memory of a worker in %s by %d MiB, from %d MiB", language, (after-before)>>20, before>>20)
	}
	return r.workerMemory(language, other)
}

// workerMemoryLimit bounds a worker's peak memory over all that the benchmark does, in MiB.
const workerMemoryLimit = 512

func (r *rig) workerMemory(language string, d *deployment) error {
	peak, err := r.peakOfWorkers(d)
	if err != nil {
		r.report.note("the workers' peak memory cannot be read here: %v", err)
		return nil
	}
	r.report.limit("a worker in "+language+", peak resident memory", 1, "", float64(peak)/(1<<20), workerMemoryLimit, "MiB")
	return nil
}

// peakOfWorkers is the largest peak memory of a deployment's workers, in bytes.
func (r *rig) peakOfWorkers(d *deployment) (int64, error) {
	var most int64
	pids := d.cluster.PIDs() // workers first
	for _, pid := range pids[:len(pids)-len(d.cluster.Masters())] {
		peak, err := peakMemory(pid)
		if err != nil {
			return 0, err
		}
		most = max(most, peak)
	}
	return most, nil
}
