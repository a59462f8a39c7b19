"""The optional packages: each is in the extra that its message names, and help needs none of them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from places import ROOT

from expnet_live.cli.evaluate import evaluations
from expnet_live.core.extras import EXTRA_OF, install

# Where a module is called otherwise than the package that brings it; distributed's is called the same.
_PACKAGES = {"sklearn": "scikit-learn", "tensorflow": "tensorflow-cpu", "dask_jobqueue": "dask-jobqueue"}


def test_each_module_is_in_its_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for module, extra in EXTRA_OF.items():
        names = {re.split(r"[\[<>=;]", line)[0] for line in extras[extra]}
        assert _PACKAGES.get(module, module) in names
    assert install("sklearn") == 'pip install "expnet-live[evaluation]"'
    assert install("torch") == "pip install torch"


def test_help_needs_no_optional_package() -> None:
    code = f"""
import sys
sys.modules |= dict.fromkeys({sorted(EXTRA_OF)!r})
from expnet_live.cli import main
for what in {sorted(evaluations())!r}:
    try:
        main(["evaluate", what, "--help"])
    except SystemExit as end:
        assert end.code == 0
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["sklearn"] = None
from expnet_live.cli import main
sys.exit(main(["evaluate", "emotion", "--dataset", "folder", "--root", {str(tmp_path)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "expnet-live: This needs the package sklearn, which is not installed; "
        'try: pip install "expnet-live[evaluation]".\n'
    )
