"""Archives of files in remote stores: S3, Google Cloud, SSH and HTTP, each from a real server on this computer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
import stores
from archives import archived, assert_same, clip, photo

from expnet_live.analysis.inputs import Kind
from expnet_live.archive.inputs import fetched, list_inputs
from expnet_live.cli import main
from expnet_live.core.addresses import without_credentials
from expnet_live.core.errors import SourceError, UserError

NAMES = ["b c.png", "x/a.mp4", "x/d#1.mp4"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remote") / "files"
    clip(folder / "x" / "a.mp4", n=3)
    clip(folder / "x" / "d#1.mp4", n=2)
    photo(folder / "b c.png")
    (folder / "x" / "notes.txt").write_text("neither photo nor video")
    return folder


@pytest.fixture(scope="module")
def local(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of the files themselves."""
    out = tmp_path_factory.mktemp("local") / "out"
    assert main(["archive", str(folder), "--out", str(out), "--cluster", "local:1"]) == 0
    return out


@pytest.fixture(scope="module")
def s3(folder: Path) -> Iterator[str]:
    with stores.s3(folder) as address:
        yield address


@pytest.fixture(scope="module")
def gcs(folder: Path) -> Iterator[str]:
    with stores.gcs(folder) as address:
        yield address


@pytest.fixture(scope="module")
def ssh(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stores.ssh(folder, tmp_path_factory.mktemp("ssh") / "home") as address:
        yield address


@pytest.fixture(scope="module")
def http(folder: Path) -> Iterator[str]:
    with stores.web(folder) as address:
        yield address


@pytest.fixture(params=["s3", "gcs", "ssh", "http"])
def store(request: pytest.FixtureRequest) -> str:
    """The address of the folder in a store."""
    return str(request.getfixturevalue(request.param))


def plain(address: str, name: str) -> str:
    """The address of a file as it is listed."""
    return (
        f"{address}/{name.replace(' ', '%20').replace('#', '%23')}"
        if address.startswith("http")
        else f"{address}/{name}"
    )


def test_a_data_set_of_it_is_that_of_the_files(store: str, folder: Path, local: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["archive", store + "/", "--out", str(out), "--cluster", "local:1"]) == 0
    rows, wanted = (archived(o).drop(columns=["kind", "bucket"]) for o in (out, local))
    sources = [without_credentials(plain(store, name)) for name in NAMES]
    assert sorted(set(rows["source"])) == sources
    named = dict(zip(sources, (str(folder / name) for name in NAMES), strict=True))
    rows["source"] = rows["source"].map(named)
    assert_same(rows.sort_values(["source", "frame"]).reset_index(drop=True), wanted)


def test_folders_patterns_and_files_of_it(store: str, folder: Path) -> None:
    every = [plain(store, name) for name in NAMES]
    assert [one.spec for one in list_inputs([store + "/"])] == every
    assert [one.spec for one in list_inputs([f"{store}/**/*.mp4"])] == every[1:]
    (one,) = list_inputs([plain(store, "x/a.mp4")])
    assert (one.kind, one.size) == (Kind.VIDEO, (folder / "x" / "a.mp4").stat().st_size)
    assert one.stamp
    with fetched(one) as path:
        assert path.read_bytes() == (folder / "x" / "a.mp4").read_bytes()
        copy = path
    with fetched(one) as path:
        assert path == copy


def test_what_is_not_there_has_a_sentence(store: str) -> None:
    found = list_inputs([f"{store}/no.mp4", f"{store}/no/*.mp4", f"{store}/x/notes/"])
    assert [one.kind for one in found] == [Kind.UNREADABLE] * 3
    assert "There is no photo or video at" in found[0].problem
    assert "Nothing fits the pattern" in found[1].problem
    assert all(one.problem.endswith("; check the address.") for one in found)


def test_a_file_that_is_gone_has_a_sentence(folder: Path, tmp_path: Path) -> None:
    gone = photo(tmp_path / "gone.png")
    with stores.web(tmp_path) as address:
        (one,) = list_inputs([f"{address}/gone.png"])
        gone.unlink()
        with pytest.raises(SourceError, match=r"gone.png cannot be fetched \(.+\); check the address"), fetched(one):
            pass


REFUSED = r"cannot be \w+ \(access is refused\); check your keys and rights there\.$"


def test_access_to_a_bucket_is_refused(s3: str) -> None:
    for address in (f"s3://{stores.SECRET}", f"s3://{stores.SECRET}/*.mp4", f"s3://{stores.SECRET}/a.mp4"):
        with pytest.raises(UserError, match=REFUSED):
            list_inputs([address])


def test_a_bucket_that_is_not_there_has_a_sentence(s3: str) -> None:
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    stores.guard(endpoint, after=1000)  # moto refuses what is not there as well
    try:
        (one,) = list_inputs(["s3://no-such-bucket/a.mp4"])
    finally:
        stores.guard(endpoint)
    assert one.problem == "There is no photo or video at s3://no-such-bucket/a.mp4; check the address."


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", ["", "/*.mp4", "/a.mp4"])
def test_access_to_google_cloud_is_refused(status: int, name: str) -> None:
    with stores.refusing(status) as endpoint, stores.google(endpoint), pytest.raises(UserError, match=REFUSED):
        list_inputs([f"gs://{stores.SECRET}{name}"])


def test_access_by_ssh_is_refused(ssh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    user, _, host = ssh.removeprefix("ssh://").partition("@")
    with pytest.raises(UserError, match=REFUSED):
        list_inputs([f"ssh://{user}x@{host}/x"])


def test_access_to_a_page_is_refused(http: str) -> None:
    with pytest.raises(UserError, match=REFUSED):
        list_inputs([f"{http}/secret/a.mp4"])


@pytest.mark.parametrize("scheme", ["s3", "ssh", "http"])
def test_nobody_answers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip({"s3": "s3fs", "ssh": "paramiko", "http": "aiohttp"}[scheme])
    fsspec.get_filesystem_class(scheme).clear_instance_cache()  # a store that was open stays so
    host = f"127.0.0.1:{stores.free_port()}"
    if scheme == "s3":
        for name, value in {"ENDPOINT_URL": f"http://{host}", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "a"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        host = "clips"
    with pytest.raises(
        UserError, match=r"cannot be \w+ \(.*connect.*\); check the address and your connection"
    ) as told:
        list_inputs([f"{scheme}://anna:secret@{host}/a.mp4" if scheme == "ssh" else f"{scheme}://{host}/a.mp4"])
    assert "secret" not in str(told.value)
    assert os.linesep not in str(told.value)


def test_a_store_of_which_the_package_is_missing_is_named() -> None:
    with pytest.raises(UserError, match=r"nope://a.mp4 cannot be opened .*; install what fsspec needs for it"):
        list_inputs(["nope://a.mp4"])
