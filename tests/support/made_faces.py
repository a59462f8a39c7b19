"""Recordings of faces whose figures are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from session_files import face

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.reports.recordings import Recording
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.format.table import Layout

FPS = 30.0


def recording(seconds: float, name: str = "made", noise: float = 0.01, seed: int = 0, fps: float = FPS) -> Recording:
    """A face that does nothing but tremble."""
    time = np.arange(round(seconds * fps)) / fps
    rng = np.random.default_rng(seed)
    n = len(time)
    weights = np.clip(0.05 + rng.normal(0, noise, (n, N_BLENDSHAPES)), 0, 1)
    return Recording(
        name, -1, time, np.ones(n, bool), weights, rng.normal(0, 0.01, (n, 3)), np.full(n, 200.0), np.full(n, 0.98)
    )


def doing(made: Recording, values: Array, *names: str) -> Recording:
    """With these actions, (T,) above rest."""
    weights = made.weights.copy()
    for name in names:
        weights[:, INDEX[name]] = np.clip(weights[:, INDEX[name]] + values, 0, 1)
    return replace(made, weights=weights)


def bump(time: Array, middle: float, width: float) -> Array:
    """A pulse (T,) of height 1 whose width at half of its height is `width` s."""
    return np.asarray(np.exp(-4 * np.log(2) * ((time - middle) / width) ** 2))


def blinking(made: Recording, every: float, width: float) -> Recording:
    """With a blink every so many s, from half of that on."""
    middles = np.arange(every / 2, made.time[-1], every)
    values = sum((0.9 * bump(made.time, float(m), width) for m in middles), np.zeros(len(made.time)))
    return doing(made, values, "eyeBlinkLeft", "eyeBlinkRight")


def slow_noise(n: int, seed: int, fps: float = FPS) -> Array:
    """Random movement (n,) of about a second, 0..0.6."""
    rng = np.random.default_rng(seed)
    kernel = np.hanning(round(1.2 * fps))
    values = np.convolve(rng.normal(0, 1, n + len(kernel)), kernel, mode="same")[:n]
    return np.asarray(0.3 + 0.3 * values / np.abs(values).max())


def marked(made: Recording, *moments: tuple[float, str]) -> Recording:
    return replace(made, markers=tuple(Marker(t, label) for t, label in moments))


def write_table(path: Path, *made: Recording) -> None:
    """As 'analyze' writes it."""
    layout = Layout(tuple(f"c{i}" for i in range(29)), blendshapes=True, raw=False, of_inputs=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(layout.header())
        for r in made:
            for i, time in enumerate(r.time.tolist()):
                state = replace(face(i), face=max(r.face, 0), blendshapes=r.weights[i].astype(np.float32))
                state = replace(state, pose=replace(state.pose, rotation=r.rotation[i]))
                file.writelines(layout.input_rows(r.source, i, time, [state] if r.seen[i] else []))
