"""Fake installed packages that add things to our registries."""

from __future__ import annotations

from pathlib import Path


def install(site: Path, package: str, body: str, points: dict[str, str]) -> None:
    """Lays a package into `site` as pip does: a module, and metadata with entry points, group to attribute."""
    site.mkdir(exist_ok=True)
    (site / f"{package}.py").write_text(body, encoding="utf-8")
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[{group}]\n{package} = {package}:{attribute}\n" for group, attribute in points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
