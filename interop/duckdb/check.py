"""A version of DuckDB reads a published snapshot and answers the worked queries. Facts come from standard input."""
import json
import math
import os
import sys

import duckdb

facts = json.load(sys.stdin)


def verdict(check, f):
    try:
        f()
        failed = ""
    except Exception as error:  # a verdict, whatever it was
        failed = f"DuckDB {duckdb.__version__}: {type(error).__name__}: {error}"
    print(json.dumps({"check": check, "failed": failed}), flush=True)


def alike(got, want, where=""):
    """Equal, numbers to 1e-9 of their size."""
    if isinstance(want, dict) and isinstance(got, dict) and list(got) == list(want):
        for name in want:
            alike(got[name], want[name], f"{where}.{name}")
    elif isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
        for k, value in enumerate(want):
            alike(got[k], value, f"{where}[{k}]")
    elif isinstance(want, float) and isinstance(got, (int, float)) and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-12):
        pass
    elif got != want or type(got) is not type(want):
        raise AssertionError(f"{where}: {got!r}, the program says {want!r}")


def opens():
    global db
    db = duckdb.connect(facts["snapshot"], read_only=True)
    assert db.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchone()[0] > 10


def views():
    """Every view of the snapshot can be read, not only those of the worked queries."""
    failed = []
    for name, in db.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL").fetchall():
        try:
            db.execute(f'SELECT * FROM "{name}" LIMIT 100').fetchall()
        except Exception as error:
            failed.append(f"{name}: {error}")
    assert not failed, "; ".join(failed)


def refuses_to_write():
    try:
        db.execute("DELETE FROM model")
    except duckdb.Error:
        return
    raise AssertionError("a snapshot was written to")


def answers(q):
    got = [json.loads(row[0]) for row in db.execute(q["query"]).fetchall()]
    want = [json.loads(row) for row in q["rows"]]
    key = lambda row: json.dumps(row, sort_keys=True)
    alike(got, want) if "ORDER BY" in q["query"].upper() else alike(sorted(got, key=key), sorted(want, key=key))
    assert want, "the program has no row: nothing was compared"


verdict("opens", opens)
verdict("every_view", views)
verdict("refuses_to_write", refuses_to_write)
for q in facts["questions"]:
    verdict(q["name"], lambda: answers(q))
