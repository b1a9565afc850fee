"""Answers worked out from the harness's logs, beside those that were scored. Facts come from standard input."""
import glob
import json
import os
import re
import sys

facts = json.load(sys.stdin)
results = json.load(open(glob.glob(os.path.join(facts["results"], "*", "results_*.json"))[0]))


def answers(task, read):
    """The answers from log-likelihoods and texts, not from the harness's own metrics."""
    path, = glob.glob(os.path.join(facts["results"], "*", f"samples_{task}_2*.jsonl"))
    out = {}
    for sample in map(json.loads, open(path, encoding="utf-8")):
        if sample["filter"] == "none":
            likelihoods = [float(r[0]) for r in sample["filtered_resps"]]
            if read == "acc_norm":
                likelihoods = [v / len(c) for v, c in zip(likelihoods, sample["doc"]["choices"])]
            out[sample["doc"]["item"]] = int(likelihoods.index(max(likelihoods)) == int(sample["doc"]["gold"]))
        elif sample["filter"] == "strict-match":
            out[sample["doc"]["item"]] = int(sample["filtered_resps"][0] == sample["target"].split("#### ")[-1].replace(",", ""))
    return out


def verdict(check, f):
    try:
        f()
        failed = ""
    except Exception as error:  # a verdict, whatever it was
        failed = f"{type(error).__name__}: {error}"
    print(json.dumps({"check": check, "failed": failed}), flush=True)


def compare(benchmark):
    task, = (t for t in results["configs"] if re.fullmatch(rf"metabench_form_._{benchmark['benchmark']}", t))
    got, want = answers(task, benchmark["metric"]), benchmark["answers"]
    assert len(want) == benchmark["items"] > 0, f"{len(want)} scored of {benchmark['items']} items"
    assert got == want, f"in the logs {got}, scored {want}"
    assert sum(got.values()) == benchmark["right"]


benchmarks = facts["score"]["benchmarks"]
for b in benchmarks:
    verdict(b["benchmark"], lambda: compare(b))
verdict("six_benchmarks", lambda: None if len(benchmarks) == 6 else 1 / 0)
