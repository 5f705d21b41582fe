// Command bench prints how fast Habeas is: each figure as a ratio to a bare
// floor that is measured in the same run, so that a slow or busy machine
// changes both. It runs the benchmarks of the packages and judges them by the
// budgets of ARCHITECTURE.md.
package main

import (
	"bufio"
	"bytes"
	"cmp"
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
	unit  string  // metric that the benchmark reports
	bar   float64 // 0: shown, not judged
	most  bool    // the bar is a maximum
	times string  // -benchtime where one round is too few: "20000x"
}

var rows = []row{
	{what: "portal page, of bare fiber+templ+session+query", pkg: "./portal", bench: "BenchmarkPage", unit: "ratio", bar: 0.9},
	{what: "smallest page, of the same", pkg: "./portal", bench: "BenchmarkPage", unit: "ratio-small", bar: 0.9},
	{what: "job: claim, act, record, log, of a bare two-commit loop", pkg: "./requests/work", bench: "BenchmarkJobLoop", unit: "ratio", bar: 0.8, times: "4000x"},
	{what: "collect over SQL, of a bare pgx script", pkg: "./requests/connect/sqldb", bench: "BenchmarkCollect", unit: "ratio", bar: 0.7, times: "5x"},
	{what: "find 1,000,000 of 10,000,000 rows: heap, MB", pkg: "./requests/connect/sqldb", bench: "BenchmarkMillion", unit: "MB-found", bar: 64, most: true},
	{what: "collect them: heap, MB", pkg: "./requests/connect/sqldb", bench: "BenchmarkMillion", unit: "MB-read", bar: 64, most: true},
	{what: "erase them: heap, MB", pkg: "./requests/connect/sqldb", bench: "BenchmarkMillion", unit: "MB-erased", bar: 64, most: true},
	{what: "a case among 10,000 people, ms", pkg: "./requests/connect/sqldb", bench: "BenchmarkGrowth", unit: "ms-10k"},
	{what: "among 100,000, ms", pkg: "./requests/connect/sqldb", bench: "BenchmarkGrowth", unit: "ms-100k"},
	{what: "among 1,000,000, ms", pkg: "./requests/connect/sqldb", bench: "BenchmarkGrowth", unit: "ms-1M"},
	{what: "the last over the first", pkg: "./requests/connect/sqldb", bench: "BenchmarkGrowth", unit: "growth", bar: 1.5, most: true},
	{what: "32 cases at once, of a bare pgx program", pkg: "./requests/connect/sqldb", bench: "BenchmarkFlight", unit: "ratio"},
	{what: "erase over SQL, of a bare pgx script", pkg: "./requests/connect/sqldb", bench: "BenchmarkErase", unit: "ratio", bar: 0.7, times: "5x"},
	{what: "package, of zip+age alone", pkg: "./requests/export", bench: "BenchmarkPackage", unit: "ratio", bar: 0.9, times: "5x"},
	{what: "package of 1,000,000 rows: heap, MB", pkg: "./requests/export", bench: "BenchmarkPackage", unit: "heap-MB", bar: 64, most: true, times: "5x"},
	{what: "log: time of a plain insert", pkg: "./requests/evidence", bench: "BenchmarkAppend", unit: "ratio", bar: 1.1, most: true, times: "20000x"},
	{what: "log: proof at 1,000,000 events, ms", pkg: "./requests/evidence", bench: "BenchmarkProof", unit: "ms/proof", bar: 1, most: true, times: "1000x"},
	{what: "desk list: 1,000,000 cases over 10,000", pkg: "./requests", bench: "BenchmarkList", unit: "growth", bar: 1.3, most: true},
	{what: "figures over 100,000 events, ms", pkg: "./requests", bench: "BenchmarkFigures", unit: "ms-100k", times: "1x"},
	{what: "over 1,000,000, ms", pkg: "./requests", bench: "BenchmarkFigures", unit: "ms-1M", bar: 2000, most: true, times: "1x"},
	{what: "the last over ten times the first", pkg: "./requests", bench: "BenchmarkFigures", unit: "growth", bar: 1.2, most: true, times: "1x"},
	{what: "counting 1,000,000 events from the first, s", pkg: "./requests", bench: "BenchmarkFigures", unit: "fold-s-1M", times: "1x"},
	{what: "the same, over ten times 100,000", pkg: "./requests", bench: "BenchmarkFigures", unit: "fold-growth", bar: 1.2, most: true, times: "1x"},
	{what: "the same: heap, MB", pkg: "./requests", bench: "BenchmarkFigures", unit: "MB", bar: 64, most: true, times: "1x"},
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
			metrics, err := run(r)
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
		if r.bar > 0 && ((r.most && got > r.bar) || (!r.most && got < r.bar)) {
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
	if r.bar == 0 {
		return ""
	}
	if r.most {
		return fmt.Sprintf("≤ %g", r.bar)
	}
	return fmt.Sprintf("≥ %g", r.bar)
}

var metric = regexp.MustCompile(`([0-9.e+-]+) ([^\s]+)`)

// run runs one benchmark and returns the metrics of its last line.
func run(r row) (map[string]float64, error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^"+r.bench+"$", "-benchtime", cmp.Or(r.times, "1x"), "-timeout", "20m", r.pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		os.Stderr.Write(out)
		return nil, fmt.Errorf("%s %s: %w", r.pkg, r.bench, err)
	}
	metrics := map[string]float64{}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		line := sc.Text()
		if !strings.HasPrefix(line, r.bench) {
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
