"""Prometheus's own parser reads the metrics file. Facts come from standard input."""
import json
import sys

from prometheus_client.parser import text_fd_to_metric_families

path = json.load(sys.stdin)["metrics"]
failed = ""
try:
    families = {f.name: f for f in text_fd_to_metric_families(open(path, encoding="utf-8"))}
    assert len(families) >= 10, f"{len(families)} metrics"
    for f in families.values():
        assert f.name.startswith("metabench_") and f.documentation and f.type in ("gauge", "counter"), f"{f.name}: {f.type} {f.documentation!r}"
        labels = [tuple(sorted(s.labels.items())) for s in f.samples]
        assert len(set(labels)) == len(labels) > 0, f"{f.name}: no sample, or two with the same labels"
    models = {s.labels["benchmark"]: s.value for s in families["metabench_models"].samples}
    assert models.get("arc") == 12, f"models {models}"
except Exception as error:  # a verdict, whatever it was
    failed = f"{type(error).__name__}: {error}"
print(json.dumps({"check": "parser", "failed": failed}))
