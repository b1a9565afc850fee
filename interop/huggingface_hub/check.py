"""The official client of the Hub against the replica. Facts come from standard input."""
import hashlib
import json
import os
import sys
import time

facts = json.load(sys.stdin)
os.environ.update(HF_ENDPOINT=facts["endpoint"], HF_HOME=facts["cache"], HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
os.environ.pop("HF_TOKEN", None)

import httpx2
from huggingface_hub import (HfApi, HfFileSystem, get_hf_file_metadata, hf_hub_download, hf_hub_url, snapshot_download)
from huggingface_hub.errors import (DisabledRepoError, GatedRepoError, HfHubHTTPError, RemoteEntryNotFoundError,
                                    RepositoryNotFoundError, RevisionNotFoundError)
from huggingface_hub.utils import hf_raise_for_status

api, repos, files, tokens = HfApi(), facts["repos"], facts["files"], facts["tokens"]
repo = repos["healthy"]
large = sorted(f for f in files if "sha256" in files[f] and f.endswith(".parquet"))
checks = []


def checked(f):
    checks.append(f)
    return f


def same(got, want):
    if got != want:
        raise AssertionError(f"{got!r}, want {want!r}")


def refused(kind, status, f):
    try:
        f()
    except HfHubHTTPError as error:
        if type(error) is not kind or error.response.status_code != status:
            raise AssertionError(f"{type(error).__name__} {error.response.status_code}, want {kind.__name__} {status}")
        return error
    raise AssertionError(f"no {kind.__name__}")


def hidden(f):
    """A 401 for what strangers may not see. Over plain HTTP the client does not recognise it: its pattern of
    repository addresses wants https. So the same answer is shown to it once more, from such an address."""
    response = refused(HfHubHTTPError, 401, f).response
    request = httpx2.Request(response.request.method, str(response.request.url).replace("http://", "https://"))
    refused(RepositoryNotFoundError, 401, lambda: hf_raise_for_status(httpx2.Response(401, headers=response.headers, request=request)))


def true_file(path, name):
    data = open(path, "rb").read()
    want = files[name]
    same(len(data), want["size"])
    if "sha256" in want:
        same(hashlib.sha256(data).hexdigest(), want["sha256"])
    else:
        same(hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(), want["blob"])


@checked
def listing_over_pages():
    api_pages = list(api.list_datasets(author=facts["namespace"]))
    same(sorted(d.id for d in api_pages), sorted(facts["listed"]))


@checked
def listing_with_expand():
    entries = {d.id: d for d in api.list_datasets(author=facts["namespace"], search="details_", sort="created_at",
                                                   expand=["sha", "cardData", "createdAt", "gated", "lastModified", "siblings"])}
    entry = entries[repo]
    same(entry.sha, facts["commits"][0])
    same(sorted(s.rfilename for s in entry.siblings), sorted(files))
    if not entry.card_data or not entry.card_data.to_dict().get("configs"):
        raise AssertionError(f"card {entry.card_data!r}")
    same(entries[repos["gated"]].gated, "auto")
    same(entry.gated, False)
    times = [d.created_at for d in entries.values()]
    same(times, sorted(times, reverse=True))


@checked
def listing_with_full():
    entry = next(d for d in api.list_datasets(author=facts["namespace"], full=True) if d.id == repo)
    same(entry.sha, facts["commits"][0])
    same(len(entry.siblings), len(files))


@checked
def information_with_sizes():
    info = api.dataset_info(repo, files_metadata=True)
    same({s.rfilename: s.size for s in info.siblings}, {f: files[f]["size"] for f in files})
    same({s.rfilename: s.lfs.sha256 for s in info.siblings if s.lfs}, {f: files[f]["sha256"] for f in large + results()})
    same(info.card_data is not None, True)


def results():
    return [f for f in files if "sha256" in files[f] and f not in large]


@checked
def tree():
    for expand in (False, True):
        entries = list(api.list_repo_tree(repo, repo_type="dataset", recursive=True, expand=expand))
        found = {e.path: e for e in entries if hasattr(e, "size")}
        same(sorted(found), sorted(files))
        for name, entry in found.items():
            same(entry.size, files[name]["size"])
            if "sha256" in files[name]:
                same(entry.lfs.sha256, files[name]["sha256"])
            else:
                same((entry.lfs, entry.blob_id), (None, files[name]["blob"]))
        if expand:
            same(all(e.last_commit.date for e in found.values()), True)


@checked
def tree_of_a_directory():
    directory = large[0].split("/")[0]
    entries = list(api.list_repo_tree(repo, directory, repo_type="dataset"))
    same(sorted(e.path for e in entries), sorted(f for f in files if f.startswith(directory + "/")))


@checked
def paths_info():
    entries = api.get_paths_info(repo, [large[0], "README.md", "nope"], repo_type="dataset", expand=True)
    same(sorted(e.path for e in entries), sorted([large[0], "README.md"]))


@checked
def older_commit():
    entries = api.list_repo_files(repo, repo_type="dataset", revision=facts["commits"][-1])
    same(len(entries) < len(files), True)
    same(api.dataset_info(repo, revision=facts["commits"][0][:9]).sha, facts["commits"][0])


@checked
def small_file():
    true_file(hf_hub_download(repo, "README.md", repo_type="dataset"), "README.md")


@checked
def large_file():
    path = hf_hub_download(repo, large[0], repo_type="dataset", revision=facts["commits"][0])
    true_file(path, large[0])
    same(path, hf_hub_download(repo, large[0], repo_type="dataset", local_files_only=True, revision=facts["commits"][0]))


@checked
def metadata_of_a_file():
    m = get_hf_file_metadata(hf_hub_url(repo, large[0], repo_type="dataset"))
    same((m.commit_hash, m.etag, m.size), (facts["commits"][0], files[large[0]]["sha256"], files[large[0]]["size"]))
    same(m.location.startswith("http://localhost:"), True)


@checked
def snapshot():
    directory = snapshot_download(repo, repo_type="dataset")
    got = sorted(os.path.relpath(os.path.join(d, f), directory) for d, _, names in os.walk(directory) for f in names)
    same(got, sorted(files))
    for name in got:
        true_file(os.path.join(directory, name), name)


@checked
def file_system_ranges():
    fs, path = HfFileSystem(), f"datasets/{repo}/{large[0]}"
    whole = open(hf_hub_download(repo, large[0], repo_type="dataset"), "rb").read()
    with fs.open(path, "rb", block_size=1024, cache_type="bytes") as f:
        f.seek(-8, 2)
        same(f.read(8), whole[-8:])
        f.seek(100)
        same(f.read(3000), whole[100:3100])
    same(fs.cat_file(path, start=5, end=77), whole[5:77])
    same(fs.cat_file(path, start=-8), whole[-8:])
    same(sorted(fs.glob(f"datasets/{repo}/**/*gsm8k*.parquet")), sorted(f"datasets/{repo}/{f}" for f in files if "gsm8k" in f))


@checked
def moved_namespace():
    same(api.dataset_info(facts["former"]).id, repo)
    same(sorted(api.list_repo_files(facts["former"], repo_type="dataset")), sorted(files))
    true_file(hf_hub_download(facts["former"], large[1], repo_type="dataset"), large[1])


@checked
def renamed():
    same(api.dataset_info(facts["renamed"]).id, repos["renamed"])
    name = next(f for f in api.list_repo_files(facts["renamed"], repo_type="dataset") if "gsm8k" in f)
    data = open(hf_hub_download(facts["renamed"], name, repo_type="dataset"), "rb").read()
    same((data[:4], data[-4:]), (b"PAR1", b"PAR1"))


def a_file(of):
    return next(f for f in api.list_repo_files(of, repo_type="dataset") if "gsm8k" in f)


@checked
def gated():
    name = a_file(repos["gated"])  # the tree is public
    def get(token):
        return hf_hub_download(repos["gated"], name, repo_type="dataset", token=token)
    refused(GatedRepoError, 401, lambda: get(False))
    refused(GatedRepoError, 403, lambda: get(tokens["free"]))
    same(os.path.getsize(get(tokens["member"])) > 8, True)


@checked
def disabled():
    refused(DisabledRepoError, 403, lambda: list(api.list_repo_tree(repos["disabled"], repo_type="dataset")))
    same(api.dataset_info(repos["disabled"]).disabled, True)


@checked
def missing_repository():
    for name in (repos["deleted"], facts["namespace"] + "/details_nope"):
        hidden(lambda: api.dataset_info(name))
        refused(RepositoryNotFoundError, 404, lambda: api.dataset_info(name, token=tokens["free"]))


@checked
def private_repository():
    hidden(lambda: api.dataset_info(repos["private"]))
    refused(RepositoryNotFoundError, 404, lambda: api.dataset_info(repos["private"], token=tokens["free"]))
    same(api.dataset_info(repos["private"], token=tokens["owner"]).private, True)


@checked
def missing_file_and_revision():
    error = refused(RemoteEntryNotFoundError, 404, lambda: get_hf_file_metadata(hf_hub_url(repo, "nope", repo_type="dataset")))
    same(error.response.headers["X-Repo-Commit"], facts["commits"][0])
    refused(RevisionNotFoundError, 404, lambda: api.dataset_info(repo, revision="nope"))
    same(api.file_exists(repo, "nope", repo_type="dataset"), False)
    same(api.revision_exists(repo, "nope", repo_type="dataset"), False)


@checked
def invalid_token_even_on_public_data():
    error = refused(HfHubHTTPError, 401, lambda: api.dataset_info(repo, token=tokens["nobody"]))
    same(error.response.headers["X-Error-Message"], "Invalid credentials in Authorization header")


@checked
def waits_when_rate_limited():
    limited = HfApi(endpoint=facts["limited"])
    for what, ask in (("listing", lambda: next(iter(limited.list_datasets(author=facts["namespace"])))),
                      ("file", lambda: hf_hub_download(repo, "README.md", repo_type="dataset", endpoint=facts["limited"], cache_dir=facts["cache"] + "/limited"))):
        start = time.monotonic()
        ask()
        waited = time.monotonic() - start
        if waited < facts["seconds"]:
            raise AssertionError(f"the {what} went on after {waited:.1f} s, the answer asked for {facts['seconds']}")


for f in checks:
    try:
        f()
        failed = ""
    except Exception as error:  # a verdict, whatever it was
        failed = f"{type(error).__name__}: {error}"
    print(json.dumps({"check": f.__name__, "failed": failed}), flush=True)
