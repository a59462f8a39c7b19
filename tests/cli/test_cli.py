"""The command line as a user meets it: help, versions, errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT
from session_files import write_session

import expnet_live
from expnet_live.cli import SUBCOMMANDS, main
from expnet_live.cli.evaluate import evaluations
from expnet_live.core.paths import asset
from expnet_live.networks.runtime_files import runtime_files
from expnet_live.sessions.format.folder import TABLE

HEAVY = {"numpy", "cv2", "torch", "mediapipe", "av", "PySide6", "scipy"}


def run_python(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from expnet_live.cli import main
try:
    main(["--help"])
except SystemExit as end:
    assert end.code == 0
assert not {HEAVY!r} & set(sys.modules), {HEAVY!r} & set(sys.modules)
"""
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "analyze" in done.stdout


def test_help_is_quick() -> None:
    """In CPU seconds, because other programs may delay it."""
    times = []
    for _ in range(5):
        before = os.times()
        assert run_python("-m", "expnet_live", "--help").returncode == 0
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.3


@pytest.mark.parametrize("module", SUBCOMMANDS, ids=lambda m: m.__name__.rpartition(".")[2])
def test_each_subcommand_has_help(module: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = module.__name__.rpartition(".")[2].replace("_", "-")  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"expnet-live {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"expnet-live {expnet_live.__version__}"


def test_main_py_runs_from_anywhere(tmp_path: Path) -> None:
    script = ROOT / "main.py"
    done = run_python(str(script), "--version", cwd=tmp_path)
    assert done.stdout.strip() == f"expnet-live {expnet_live.__version__}"


def test_a_users_error_is_one_sentence_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = tmp_path / "none.safetensors"
    assert main(["analyze", "demo", "--out", str(tmp_path / "out"), "--model", str(weights)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("expnet-live: ")
    assert "none.safetensors" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_verbose_shows_where_it_arose(tmp_path: Path) -> None:
    args = ["analyze", "demo", "--out", str(tmp_path / "out"), "--model", str(tmp_path / "none.safetensors")]
    done = run_python("-m", "expnet_live", "--verbose", *args)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("place", [0, 1, 4])
def test_verbose_stands_anywhere(place: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    args = ["analyze", "demo", "--out", str(tmp_path / "out"), "--model", str(tmp_path / "none.safetensors")]
    assert main([*args[:place], "-v", *args[place:]]) == 2
    assert "the command failed" in caplog.text


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ("analyse x", "expnet-live: argument COMMAND: invalid choice: 'analyse' (did you mean analyze?)"),
        (
            "export x --to openfaec",
            "expnet-live export: argument --to: invalid choice: 'openfaec' (did you mean openface?)",
        ),
        ("evaluate emotoin", "expnet-live evaluate: argument WHAT: invalid choice: 'emotoin' (did you mean emotion?)"),
        ("x --mesh q", "expnet-live: argument COMMAND: invalid choice: 'x' (choose from record, stream, "),
        (str(ROOT / "main.py"), f"expnet-live: {ROOT / 'main.py'} is a file, not a command; show it in the window: "),
        (
            "analyze x",
            "expnet-live analyze: the following arguments are required: --out; see 'expnet-live analyze --help'.",
        ),
    ],
)
def test_a_slip_gets_one_sentence(args: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(args.split())
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.startswith(sentence) and said.count("\n") == 1


@pytest.mark.parametrize("bad", [["--jobs", "0"], ["--every", "-1"], ["--mesh", "stl"], ["--duration", "0"]])
def test_a_wrong_argument_is_refused(bad: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["analyze", "demo", "--out", str(tmp_path), *bad])
    assert end.value.code == 2
    assert bad[0] in capsys.readouterr().err


@pytest.mark.parametrize("what", evaluations())
def test_each_evaluation_tells_its_options(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", what, "--help"])
    assert ended.value.code == 0 and f"evaluate {what}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bench", "--frames", "many"], "many is not a whole number of at least 1"),
        (["bench", "--seconds", "2,5"], "2,5 is not a number above 0, such as 2.5"),
    ],
)
def test_what_is_no_number(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert sentence in capsys.readouterr().err


def test_a_folder_of_sessions_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "list", str(tmp_path / "nothing")]) == 2
    assert "There is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_warning_reaches_the_terminal_as_one_sentence(tmp_path: Path, jobs: str) -> None:
    """The runtime files of a network are not used for another one, which costs time."""
    shipped = asset("expnet.safetensors")
    for path in (shipped, *runtime_files(shipped)):
        shutil.copy(path, tmp_path)
    weights = tmp_path / shipped.name
    content = bytearray(weights.read_bytes())
    content[-4] ^= 1  # the last bit of a weight
    weights.write_bytes(content)
    done = run_python("-m", "expnet_live", "analyze", "demo", str(asset("demo.mp4")), "--out", str(tmp_path / "out"),
                      "--duration", "0.1", "--model", str(weights), "--jobs", jobs)  # fmt: skip
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and len(lines) == 1
    assert lines[0].startswith("expnet-live: ") and "made from other weights" in lines[0]


@pytest.mark.skipif(os.name != "posix", reason="pipes are another matter there")
def test_a_warning_that_nobody_reads_stops_nothing() -> None:
    """As in a terminal that is closed: a recorder that cannot warn of a full disk must still end its session."""
    code = """
import logging
from expnet_live.cli.quiet import Sentences, quiet_native
logging.basicConfig(handlers=[Sentences()])
with quiet_native():
    logging.getLogger("expnet_live.sessions").warning("the disk is full")
print("on")
"""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=write, text=True, check=False
        )
    finally:
        os.close(write)
    assert done.stdout == "on\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not limit memory")
def test_memory_that_runs_out_is_told_in_one_sentence(tmp_path: Path) -> None:
    write_session(tmp_path / "long", 5)
    os.truncate(tmp_path / "long" / TABLE, 1 << 33)  # bytes that need no disk
    code = """
import resource, sys
from expnet_live.cli import main
resource.setrlimit(resource.RLIMIT_AS, (1 << 32, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""
    given = ["gestures", str(tmp_path / "long")]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "expnet-live: Memory ran out; close other programs, or give less or shorter input.\n"


@pytest.mark.skipif(os.name != "posix", reason="there a shell closes no streams")
def test_without_standard_streams(tmp_path: Path) -> None:
    """As services may be started; files must not get the numbers of the streams."""
    given = [
        sys.executable,
        "-m",
        "expnet_live",
        "analyze",
        "demo",
        "--duration",
        "0.2",
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *given], check=False)
    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"coefficients.csv", "run.json"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_an_output_that_is_full_is_told_in_one_sentence(tmp_path: Path) -> None:
    write_session(tmp_path / "session", 5)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        given = [sys.executable, "-m", "expnet_live", "sessions", "list", str(tmp_path)]
        done = subprocess.run(given, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "expnet-live: The output cannot be written (No space left on device).\n"
