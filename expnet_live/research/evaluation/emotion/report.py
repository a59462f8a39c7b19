"""Reports the emotion test: as text, JSON, Markdown, and plots (curves over scale, confusion matrices)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.files import whole, write_json
from expnet_live.research.evaluation.emotion.features import TITLES
from expnet_live.research.evaluation.emotion.knn import Outcome, bootstrap, interval
from expnet_live.research.evaluation.emotion.measure import Described

Outcomes = dict[tuple[str, float], Outcome]


def figures_of(described: Described, outcomes: Outcomes, emotions: list[str], about: dict[str, Any]) -> dict[str, Any]:
    """All figures, ready for JSON; accuracies with the middle 95 % of a bootstrap over subjects."""
    names = list(dict.fromkeys(n for n, _ in outcomes))
    scales = list(dict.fromkeys(s for _, s in outcomes))
    label = [s.emotion for s in described.samples]
    result: dict[str, Any] = {
        **about,
        "photos": {e: label.count(e) for e in emotions},
        "subjects": len({s.subject for s in described.samples}),
        "without a face": described.left_out,
        "unreadable": described.unreadable,
        "scales": {},
    }
    for scale in scales:
        at = {n: outcomes[n, scale] for n in names}
        drawn = bootstrap(at)
        row: dict[str, Any] = {}
        for n, outcome in at.items():
            accuracy, recall = drawn[n]
            lost = float((described.seen[n, scale] < 1).sum())
            row[TITLES[n]] = {
                "accuracy": outcome.accuracy,
                "accuracy, 95 %": interval(accuracy),
                "mean recall": outcome.recall,
                "mean recall, 95 %": interval(recall),
                "confusion": outcome.confusion.round(4).tolist(),
                "not found in": lost,
            }
            if len(outcome.draws):
                row[TITLES[n]]["sd of draws"] = float(outcome.draws.std())
        if "expnet" in at:
            row["ExpNet's lead"] = {
                TITLES[n]: {
                    "ratio": at["expnet"].accuracy / max(at[n].accuracy, 1e-9),
                    "difference, 95 %": interval(drawn["expnet"][0] - drawn[n][0]),
                }
                for n in names
                if n != "expnet"
            }
        result["scales"][str(scale)] = row
    result["emotions"] = emotions
    return result


def lines_of(figures: dict[str, Any]) -> list[str]:
    """A line for each scale."""
    lines = []
    n = sum(figures["photos"].values())
    for scale, row in figures["scales"].items():
        said = []
        for title, f in row.items():
            if title == "ExpNet's lead":
                continue
            lost = f" (not found in {f['not found in']:.0f} of {n})" if f["not found in"] else ""
            low, high = f["accuracy, 95 %"]
            said.append(f"{title} {f['accuracy']:.3f} [{low:.3f}, {high:.3f}]{lost}")
        lead = row.get("ExpNet's lead", {})
        said += [f"ratio to {title} {f['ratio']:.2f}" for title, f in lead.items()]
        lines.append(f"scale {float(scale):<4}: " + ", ".join(said))
    return lines


def write_report(folder: Path, figures: dict[str, Any]) -> None:
    """Write report.md, report.json, and plots as PNG and SVG. Raises UserError without matplotlib."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _draw_curves(folder / "accuracy", figures)
        _draw_confusion(folder / "confusion", figures)
        write_json(folder / "report.json", figures)
        (folder / "report.md").write_text("\n".join(_markdown(figures)) + "\n", encoding="utf-8")
    except OSError as e:
        raise UserError(f"{folder} cannot be written ({e.strerror or e}); choose another folder with --out.") from e


def check_matplotlib() -> None:
    """Raise UserError if plots cannot be drawn, before anything is measured."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as e:
        raise UserError(f"Curves need matplotlib; install it: {install('matplotlib')}") from e


def _markdown(figures: dict[str, Any]) -> list[str]:
    titles = _titles(figures)
    chance = f"{1 / len(figures['emotions']):.3f}"
    lines = [
        "# Emotions classified by nearest neighbours",
        "",
        f"{figures['protocol']} Boxes from the detector at full size. Chance with classes balanced: {chance}.",
        "",
        f"Data: {figures['data']}: {sum(figures['photos'].values())} samples of {figures['subjects']} subjects ("
        + ", ".join(f"{e} {n}" for e, n in figures["photos"].items())
        + f"); {figures['without a face']} left out without a face, {figures['unreadable']} unreadable.",
        "",
        "The protocol is a reconstruction of the paper's from secondary notes; its own figures are not quoted here.",
        "",
        "## Accuracy",
        "",
        "In brackets: the middle 95 % of a bootstrap over subjects.",
        "",
        "| image scale | " + " | ".join(titles) + " |",
        "|---" * (len(titles) + 1) + "|",
    ]
    for key, heading in (("accuracy", ""), ("mean recall", "## Mean recall of the classes")):
        if heading:
            lines += ["", heading, "", "| image scale | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
        for scale, row in figures["scales"].items():
            cells = []
            for t in titles:
                low, high = row[t][f"{key}, 95 %"]
                cells.append(f"{row[t][key]:.3f} [{low:.3f}, {high:.3f}]")
            lines.append(f"| {scale} | " + " | ".join(cells) + " |")
    lines += ["", "![Accuracy over image scale](accuracy.png)", "", "## Confusion", ""]
    lines += ["Rows: the label; columns: the prediction.", "", "![Confusion matrices](confusion.png)"]
    for scale, row in figures["scales"].items():
        for t in titles:
            lines += ["", f"### {t}, scale {scale}", "", "| | " + " | ".join(figures["emotions"]) + " |"]
            lines += ["|---" * (len(figures["emotions"]) + 1) + "|"]
            for e, shares in zip(figures["emotions"], row[t]["confusion"], strict=True):
                lines.append(f"| {e} | " + " | ".join(f"{s:.2f}" for s in shares) + " |")
    return lines


def _titles(figures: dict[str, Any]) -> list[str]:
    first = next(iter(figures["scales"].values()))
    return [t for t in first if t != "ExpNet's lead"]


def _draw_curves(path: Path, figures: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    scales = [float(s) for s in figures["scales"]]
    rows = list(figures["scales"].values())
    for title in _titles(figures):
        accuracy = [r[title]["accuracy"] for r in rows]
        band = np.array([r[title]["accuracy, 95 %"] for r in rows])
        (line,) = axes.plot(scales, accuracy, marker="o", label=title)
        axes.fill_between(scales, band[:, 0], band[:, 1], color=line.get_color(), alpha=0.15, linewidth=0)
    axes.axhline(1 / len(figures["emotions"]), color="0.5", linestyle=":", label="chance, classes balanced")
    axes.set_xlim(max(scales) * 1.03, 0)
    axes.set_xlabel("image scale")
    axes.set_ylabel("accuracy")
    axes.legend(frameon=False)
    _save(figure, path)


def _draw_confusion(path: Path, figures: dict[str, Any]) -> None:
    from matplotlib.figure import Figure

    titles, scales, emotions = _titles(figures), list(figures["scales"]), figures["emotions"]
    figure = Figure(figsize=(2.6 * len(scales) + 0.8, 2.6 * len(titles) + 0.6), layout="constrained")
    grid = figure.subplots(len(titles), len(scales), squeeze=False, sharex=True, sharey=True)
    for axes_row, title in zip(grid, titles, strict=True):
        for axes, scale in zip(axes_row, scales, strict=True):
            matrix = np.array(figures["scales"][scale][title]["confusion"])
            axes.imshow(matrix, vmin=0, vmax=1, cmap="Blues")
            for (i, j), share in np.ndenumerate(matrix):
                color = "white" if share > 0.6 else "0.2"
                axes.text(j, i, f"{100 * share:.0f}", ha="center", va="center", fontsize=6, color=color)
            axes.set_title(f"{title}, {scale}", fontsize=8)
            axes.set_xticks(range(len(emotions)), emotions, rotation=90, fontsize=7)
            axes.set_yticks(range(len(emotions)), emotions, fontsize=7)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    for suffix, extra in ((".png", {"dpi": 150}), (".svg", {})):
        with whole(path.with_suffix(suffix)) as partial:
            figure.savefig(partial, format=suffix[1:], **extra)
