// Command bench prints how fast Habeas is: each figure as a ratio to a bare
// floor that is measured in the same run, so that a slow or busy machine
// changes both. It runs the benchmarks of the packages and judges them by the
// budgets of ARCHITECTURE.md.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// row is one budget.
type row struct {
	what  string
	pkg   string
	bench string
	unit  string // metric that the benchmark reports
	bar   float64
	most  bool // the bar is a maximum
}

var rows = []row{
	{"portal page, of bare fiber+templ+session+query", "./portal", "BenchmarkPage", "ratio", 0.9, false},
	{"job: claim, act, record, log, of a bare two-commit loop", "./requests/work", "BenchmarkJobLoop", "ratio", 0.8, false},
	{"collect over SQL, of a bare pgx script", "./requests/connect/sqldb", "BenchmarkCollect", "ratio", 0.7, false},
	{"collect 1,000,000 rows: heap, MB", "./requests/connect/sqldb", "BenchmarkCollect", "heap-MB", 64, true},
	{"erase over SQL, of a bare pgx script", "./requests/connect/sqldb", "BenchmarkErase", "ratio", 0.7, false},
	{"package, of zip+age alone", "./requests/export", "BenchmarkPackage", "ratio", 0.9, false},
	{"package of 1,000,000 rows: heap, MB", "./requests/export", "BenchmarkPackage", "heap-MB", 64, true},
	{"log: time of a plain insert", "./requests/evidence", "BenchmarkAppend", "ratio", 1.1, true},
	{"log: proof at 1,000,000 events, ms", "./requests/evidence", "BenchmarkProof", "ms/proof", 1, true},
	{"desk list: 1,000,000 cases over 10,000", "./requests", "BenchmarkList", "growth", 1.3, true},
}

func main() {
	only := flag.String("only", "", "run only benchmarks whose name contains this")
	flag.Parse()
	fmt.Printf("load %s\n\n%-58s %10s %10s\n", load(), "what", "got", "bar")
	failed := false
	done := map[string]map[string]float64{}
	for _, r := range rows {
		if !strings.Contains(r.bench, *only) {
			continue
		}
		id := r.pkg + r.bench
		if done[id] == nil {
			metrics, err := run(r.pkg, r.bench)
			if err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
				failed = true
			}
			done[id] = metrics
		}
		got, ok := done[id][r.unit]
		if !ok {
			fmt.Printf("%-58s %10s %10s  not measured\n", r.what, "-", bar(r))
			failed = true
			continue
		}
		verdict := ""
		if (r.most && got > r.bar) || (!r.most && got < r.bar) {
			verdict = "  misses the bar"
		}
		fmt.Printf("%-58s %10.2f %10s%s\n", r.what, got, bar(r), verdict)
	}
	fmt.Printf("\nload %s\n", load())
	if failed {
		os.Exit(1)
	}
}

func bar(r row) string {
	if r.most {
		return fmt.Sprintf("≤ %g", r.bar)
	}
	return fmt.Sprintf("≥ %g", r.bar)
}

var metric = regexp.MustCompile(`([0-9.e+-]+) ([^\s]+)`)

// run runs one benchmark and returns the metrics of its last line, lowest
// ratio first where it has several.
func run(pkg, bench string) (map[string]float64, error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^"+bench+"$", "-benchtime", "1x", "-timeout", "20m", pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		os.Stderr.Write(out)
		return nil, fmt.Errorf("%s %s: %w", pkg, bench, err)
	}
	metrics := map[string]float64{}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		line := sc.Text()
		if !strings.HasPrefix(line, bench) {
			continue
		}
		for _, m := range metric.FindAllStringSubmatch(line, -1) {
			if v, err := strconv.ParseFloat(m[1], 64); err == nil {
				metrics[m[2]] = v
			}
		}
	}
	return metrics, nil
}

func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(raw))[:3], " ")
}
