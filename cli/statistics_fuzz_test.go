package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// statisticsCommands are the commands that take any table, {table} being its path and
// {columns} the names of its columns but the first.
var statisticsCommands = []string{
	"fa {table} --columns {columns} --factors 1 --out {dir}/scores.csv",
	"fa {table} --columns {columns} --factors 2",
	"gam {table} --target c1 --smooth c2,c3 --functions 8 --penalties 4 --out {dir}/predictions.csv",
	"gam {table} --target c1 --smooth c2 --plain --functions 6 --split model --train m0 --test m1",
	"fit {table} --model 2PL --ability map,eap,eapsum,ml,wle --out {dir}/fit",
	"fit {table} --model 4PL --restarts 1 --ability map,wle --out {dir}/fit",
	"fit {table} --model 3PL --restarts 0 --prior --ability ml",
	"adaptive calibrate {table} --model 3PL --criterion information,random --estimator map,wle --length 4 --out {dir}/items.bank",
	"adaptive simulate {table} --model 2PL --criterion kl,progressive --estimator eap,ml --stop items=3 --form 2 --lengths 1,2",
}

// FuzzStatistics gives the statistical commands tables of any kind. Whatever is in
// them, a command ends with a result or with an error, never with a fault of the
// program, and what it prints for programs is JSON.
func FuzzStatistics(f *testing.F) {
	for _, seed := range degenerateTables() {
		for command := range statisticsCommands {
			f.Add(uint8(command), seed.columns, seed.cells)
		}
	}
	f.Fuzz(func(t *testing.T, command, columns uint8, cells []byte) {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		t.Setenv("XDG_CONFIG_HOME", dir)
		path := filepath.Join(dir, "table.csv")
		text, names := tableOf(2+int(columns%6), cells)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		line := strings.NewReplacer("{table}", path, "{columns}", strings.Join(names, ","), "{dir}", dir).
			Replace(statisticsCommands[int(command)%len(statisticsCommands)])
		mustEndWell(t, append(strings.Fields(line), "--json", "--no-progress"), text)
	})
}

// mustEndWell runs a command within a time and looks at how it ends.
func mustEndWell(t *testing.T, args []string, input string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, stderr bytes.Buffer
	code := Run(ctx, args, IO{In: strings.NewReader(""), Out: &out, Err: &stderr})
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%v: no end within a minute\n%s", args, input)
	case code == int(ExitFault):
		t.Fatalf("%v: %s\n%s", args, stderr.String(), input)
	case code == 0:
		for dec := json.NewDecoder(&out); ; {
			var v any
			if err := dec.Decode(&v); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v prints what is not JSON: %v\n%s", args, err, input)
			}
		}
	case stderr.Len() == 0:
		t.Fatalf("%v ends with %d and no word\n%s", args, code, input)
	case strings.Contains(stderr.String(), "unsupported value"):
		t.Fatalf("%v: %s\n%s", args, stderr.String(), input)
	}
}

// tableOf writes a table of at most 60 rows whose first column names the row. A cell
// is two bytes: a small integer, and what to do with it, mostly nothing.
func tableOf(columns int, cells []byte) (text string, names []string) {
	var b strings.Builder
	b.WriteString("model")
	for j := range columns {
		names = append(names, fmt.Sprintf("c%d", j+1))
		b.WriteString("," + names[j])
	}
	b.WriteByte('\n')
	for i := 0; 2*columns*(i+1) <= len(cells) && i < 60; i++ {
		fmt.Fprintf(&b, "m%d", i)
		for j := range columns {
			at := 2 * (i*columns + j)
			v := float64(int8(cells[at]))
			switch what := cells[at+1]; {
			case what == 255: // missing
				b.WriteByte(',')
				continue
			case what >= 200:
				v = math.Ldexp(v, (int(what)-227)*38)
			case what >= 100: // an answer
				v = float64(cells[at] & 1)
			}
			b.WriteString("," + strconv.FormatFloat(v, 'g', -1, 64))
		}
		b.WriteByte('\n')
	}
	return b.String(), names
}

type degenerateTable struct {
	columns uint8
	cells   []byte
}

// degenerateTables are at the edges: exact fits, ties, constant and collinear columns,
// one row, one column, scales near the ends of floating point, all missing, perfect
// scales and answers that are all alike.
func degenerateTables() []degenerateTable {
	table := func(columns, rows int, cell func(i, j int) (int, uint8)) degenerateTable {
		t := degenerateTable{columns: uint8(columns - 2)}
		for i := range rows {
			for j := range columns {
				v, what := cell(i, j)
				t.cells = append(t.cells, byte(int8(v)), what)
			}
		}
		return t
	}
	const plain, answer, missing = 0, 100, 255
	noise := func(i, j int) int {
		h := uint32(i*7919+j*104729+13) * 2654435761
		return int(int8(h>>24)) / 16
	}
	bit := func(v bool) int {
		if v {
			return 1
		}
		return 0
	}
	return []degenerateTable{
		{},
		table(4, 1, func(i, j int) (int, uint8) { return noise(i, j), plain }),
		table(4, 1, func(_, j int) (int, uint8) { return j, answer }),
		table(2, 30, func(i, j int) (int, uint8) { return noise(i, j), answer }),
		table(4, 30, func(int, int) (int, uint8) { return 0, missing }),
		table(4, 30, func(int, int) (int, uint8) { return 3, plain }),
		table(4, 30, func(int, int) (int, uint8) { return 1, answer }),
		table(4, 30, func(i, _ int) (int, uint8) { return i, plain }),
		table(4, 30, func(i, j int) (int, uint8) { return noise(i, 0) * (j + 1), plain }),
		table(4, 30, func(i, j int) (int, uint8) { return i % 2 * j, plain }),
		table(4, 30, func(i, j int) (int, uint8) { return noise(i, j), 253 }),
		table(4, 30, func(i, j int) (int, uint8) { return noise(i, j), 200 }),
		table(4, 30, func(i, j int) (int, uint8) { return noise(i, j), uint8(200 + 13*j) }),
		table(6, 56, func(i, j int) (int, uint8) { return bit(i%7 > j), answer }), // a perfect scale
		table(6, 30, func(i, j int) (int, uint8) { return noise(i, j), answer }),
		table(6, 30, func(i, _ int) (int, uint8) { return i, answer }), // all items alike
		table(6, 30, func(i, j int) (int, uint8) { return bit(i%2 == j%2), answer }),
		table(6, 40, func(i, j int) (int, uint8) {
			if (i+j)%6 != 0 {
				return 0, missing
			}
			return i / 3, answer
		}),
	}
}

// Studies of the smallest and strangest sizes end as well.
func TestSimulateTakesAnySize(t *testing.T) {
	for _, args := range []string{
		"--models 2 --items 1", "--models 2 --items 1 --model 4PL", "--models 3 --items 40 --model 3PL --replicates 1",
		"--models 50 --items 2 --missing 0.99", "--models 2 --items 3 --missing 0.999999", "--models 30 --items 3 --no-se --seed 18446744073709551615",
	} {
		mustEndWell(t, append([]string{"simulate", "--json"}, strings.Fields(args)...), args)
	}
}
