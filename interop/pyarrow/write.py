"""Writes evaluation files in the leaderboard's schemas with the options of pyarrow's writer, into the directory
that standard input names, and prints what is in each."""
import itertools
import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq

directory = sys.stdin.read().strip()
modern = int(pa.__version__.split(".")[0]) > 13
rows = 2500
answers = [(k * k + k // 7) % 3 % 2 for k in range(rows)]
numbers = [float(a) for a in answers]
norms = [1.0 - a for a in numbers]
texts = [f"Question {k}: what is {k} + {k}?\nAnswer é 测试 {k % 5}" for k in range(rows)]
tokens = pa.array([[[k % 300, 2, 3]] for k in range(rows)], pa.list_(pa.list_(pa.int64())))
nothing = pa.array([[] for _ in range(rows)], pa.list_(pa.null()))
hashes = pa.array([{"hash_examples": f"{k:016x}", "hash_full_prompt": f"{k + 1:016x}"} for k in range(rows)])


def generations(string=pa.string()):
    text = pa.array(texts, string)
    listed = pa.array([["a", "b"]] * rows, pa.list_(string))
    metrics = pa.array([{"acc": a, "acc_norm": b} for a, b in zip(numbers, norms)], pa.struct([("acc", pa.float64()), ("acc_norm", pa.float64())]))
    yield "A-early", pa.table({"acc": numbers, "acc_norm": norms, "choices": listed, "cont_tokens": tokens, "example": pa.array([str(k) for k in range(rows)], string),
                               "gold": pa.array([0] * rows), "hashes": hashes, "query": text})
    yield "A", pa.table({"acc": numbers, "acc_norm": norms, "choices": listed, "cont_tokens": tokens, "example": text, "full_prompt": text, "hashes": hashes})
    yield "B", pa.table({"choices": listed, "cont_tokens": tokens, "example": text, "full_prompt": text, "metrics": metrics, "padded": nothing, "predictions": tokens})
    yield "B-string", pa.table({"choices": pa.array(["['a', 'b']"] * rows, string), "example": text, "full_prompt": text,
                                "metrics": pa.array([f"{{'acc': {a}, 'acc_norm': {b}}}" for a, b in zip(numbers, norms)], string)})


files = []


def write(name, table, metric="acc", fault="", want=answers, **options):
    path = os.path.join(directory, name + ".parquet")
    pq.write_table(table, path, **options)
    files.append({"name": name, "path": path, "metric": metric, "answers": want, "fault": fault})


for (generation, table), codec, version, dictionary in itertools.product(
        generations(), ("none", "snappy", "gzip", "zstd", "brotli", "lz4"), ("1.0", "2.0"), (True, False)):
    write(f"{generation}_{codec}_pages-{version}_{'dictionary' if dictionary else 'plain'}", table,
          compression=codec, data_page_version=version, use_dictionary=dictionary, row_group_size=1000)

for generation, table in generations(pa.large_string()):
    write(f"{generation}_large-strings", table)
for generation, table in generations():
    write(f"{generation}_row-groups-of-7", table, row_group_size=7)
    write(f"{generation}_small-pages", table, data_page_size=256)
    if modern:
        write(f"{generation}_page-index-checksums", table, write_page_index=True, write_page_checksum=True, data_page_size=256)
    write(f"{generation}_no-statistics", table, write_statistics=False)
    write(f"{generation}_no-arrow-schema", table, store_schema=False)
    write(f"{generation}_format-1.0", table, version="1.0")
    write(f"{generation}_acc-norm", table, metric="acc_norm", want=[1 - a for a in answers])
    write(f"{generation}_no-such-metric", table, metric="mc1", fault="bad value" if generation == "B-string" else "metric not found")

text = pa.array(texts)
for name, kind in {"int64": pa.int64(), "int32": pa.int32(), "int8": pa.int8(), "uint8": pa.uint8(), "float32": pa.float32(),
                   "bool": pa.bool_()}.items():
    write(f"acc-as-{name}", pa.table({"acc": pa.array(answers).cast(kind), "example": text}))
write("acc-as-text", pa.table({"acc": [str(a) for a in numbers], "example": text}))
write("acc-in-a-dictionary-type", pa.table({"acc": pa.array([str(a) for a in numbers]).dictionary_encode(), "example": text}))
if modern:  # no file of the leaderboard has half precision: refused, not guessed
    write("acc-as-float16", pa.table({"acc": pa.array(numbers).cast(pa.float16()), "example": text}), fault="bad value")
for encoding in ("BYTE_STREAM_SPLIT", "PLAIN") if modern else ("BYTE_STREAM_SPLIT",):
    write(f"acc-encoded-{encoding}", pa.table({"acc": numbers, "example": text}), use_dictionary=False, column_encoding={"acc": encoding, "example": "DELTA_BYTE_ARRAY" if modern else "PLAIN"})
write("acc-encoded-DELTA", pa.table({"acc": answers, "example": text}), use_dictionary=False, column_encoding={"acc": "DELTA_BINARY_PACKED", "example": "DELTA_LENGTH_BYTE_ARRAY" if modern else "PLAIN"})
write("a-missing-answer", pa.table({"acc": [None] + numbers[1:], "example": text}), fault="bad value")
write("not-a-number", pa.table({"acc": [float("nan")] + numbers[1:], "example": text}), fault="bad value")
write("two", pa.table({"acc": [2.0] + numbers[1:], "example": text}), fault="bad value")
write("required-columns", pa.table({"acc": numbers, "example": text}, schema=pa.schema([pa.field("acc", pa.float64(), False), pa.field("example", pa.string(), False)])))
print(json.dumps(files))
