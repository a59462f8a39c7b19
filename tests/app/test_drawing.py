"""The window's pictures: the off-screen head, lines over the face, backdrop, curves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget
from seen import bgra

from expnet_live.app.state.gauge import Gauge
from expnet_live.app.state.history import History
from expnet_live.app.state.statistics import Heartbeat
from expnet_live.app.view3d.backdrop import backdrop
from expnet_live.app.view3d.geometry import HeadGeometry, along_a_curve
from expnet_live.app.view3d.lines import FaceLines, draw_lines
from expnet_live.app.view3d.orbit import HOME, projection
from expnet_live.app.view3d.stage import Stage
from expnet_live.app.view3d.visual import Finish, HeadVisual
from expnet_live.app.widgets.curves_view import CurvesView
from expnet_live.app.widgets.head_canvas import smaller, soften
from expnet_live.app.widgets.pieces import PathLabel
from expnet_live.core.types import Array, Box, FaceState, Pose
from expnet_live.geometry.camera import Camera
from expnet_live.heads.built_in import face_model
from expnet_live.live.loading import network_threads
from expnet_live.live.state import LiveFace
from expnet_live.meshes.subdivision import edges_of
from expnet_live.render.overlay import contour_lines

SIZE = QSize(300, 280)


@pytest.fixture(scope="module")
def geometry() -> HeadGeometry:
    return HeadGeometry.of(face_model())


@pytest.fixture
def stage(qapp: Any) -> Any:
    made = Stage()
    yield made
    made.close()


def drawn(stage: Stage, visual: HeadVisual, part: QRect | None = None, mirrored: bool = False, **moved: float) -> Array:
    model = face_model()
    vertices = model.vertices(model.expression_of(**moved))
    visual.set_mesh(vertices, model.normals(vertices))
    turn = np.diag([-1 if mirrored else 1, 1, 1, 1]).astype(np.float32)
    upright = np.diag([1, -1, 1, 1]).astype(np.float32)
    visual.place(HOME.matrix() @ turn, upright @ projection(SIZE.width(), SIZE.height()))
    return bgra(stage.picture(SIZE, visual.draw, part))


def visual_of(geometry: HeadGeometry, frugal: bool, **finish: bool) -> HeadVisual:
    visual = HeadVisual(frugal)
    visual.set_geometry(geometry)
    visual.set_finish(Finish(**finish))
    return visual


@pytest.mark.parametrize("finish", [{}, {"hair": False}, {"wireframe": True}])
def test_lit_by_vertex_looks_as_lit_by_pixel(stage: Stage, geometry: HeadGeometry, finish: dict[str, bool]) -> None:
    fine = drawn(stage, visual_of(geometry, False, **finish), jawOpen=1.5)
    quick = drawn(stage, visual_of(geometry, True, **finish), jawOpen=1.5)
    assert (fine[..., 3] > 250).mean() > 0.2
    assert np.abs(fine - quick).mean() < 1.0
    assert np.percentile(np.abs(fine - quick), 99) < 25


@pytest.mark.parametrize("frugal", [True, False])
def test_the_head_has_the_tone_of_the_skin_and_eyes_and_hair_stay(
    stage: Stage, geometry: HeadGeometry, frugal: bool
) -> None:
    visual = visual_of(geometry, frugal, hair=False)
    own = drawn(stage, visual)
    visual.set_skin(np.array([92.0, 62, 50]))
    dark = drawn(stage, visual)
    visual.set_skin(None)
    assert np.array_equal(drawn(stage, visual), own)
    there = own[..., 3] > 250
    forehead = (slice(60, 80), slice(140, 160))
    assert there[forehead].all() and (dark[forehead][..., :3] < 0.75 * own[forehead][..., :3]).all()
    assert (dark[..., :3] == own[..., :3]).all(-1)[there].mean() > 0.002  # the eyes


def test_painted_looks_alike_too(stage: Stage, geometry: HeadGeometry) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[..., 0], image[..., 1] = 200, np.linspace(0, 255, 320)
    view = Camera.for_image(320, 240).view(Pose(np.zeros(3), np.array([0, 0, -600])))
    both = []
    for frugal in (False, True):
        visual = visual_of(geometry, frugal, painted=True, hair=False)  # hair is not painted, and is compared above
        visual.set_photo(image, view)
        both.append(drawn(stage, visual))
    middle = both[0][130:150, 140:160, :3].mean((0, 1))
    assert middle[0] > middle[2] + 50  # the face shows the blue picture
    assert np.abs(both[0] - both[1]).mean() < 2.0


def test_a_part_is_cut_from_the_whole(stage: Stage, geometry: HeadGeometry) -> None:
    visual = visual_of(geometry, True)
    whole, part = drawn(stage, visual), drawn(stage, visual, QRect(100, 60, 80, 50))
    assert np.array_equal(whole[60:110, 100:180], part)
    assert whole[0, 0, 3] == 0 and whole[150, 150, 3] == 255


def test_neck_fades_and_mirrored_heads_are_seen_from_outside(stage: Stage, geometry: HeadGeometry) -> None:
    visual = visual_of(geometry, True, hair=False)
    plain, mirrored = drawn(stage, visual), drawn(stage, visual, mirrored=True)
    column = plain[:, 150, 3]
    falling = column[np.flatnonzero(column > 0)[-1] - 30 :]
    assert ((falling > 20) & (falling < 235)).sum() > 12  # not a hard edge
    assert np.abs(plain[..., 3] - mirrored[:, ::-1, 3]).mean() < 2


def test_where_the_cpu_draws_fewer_triangles_have_no_gaps_and_look_alike(stage: Stage, geometry: HeadGeometry) -> None:
    parts = (geometry.skin, geometry.behind_lips, geometry.hairy, geometry.brow, geometry.eyes)
    few = np.concatenate(parts).astype(int)
    assert len(few) < 0.75 * len(geometry.triangles)
    # As many open edges as there were, or fewer where a ring was made coarser.
    assert (edges_of(few)[2] == 1).sum() <= (edges_of(geometry.triangles)[2] == 1).sum()
    elsewhere = np.concatenate([geometry.brow, geometry.eyes]).astype(int)
    known = np.isin(geometry.triangles @ (1, 10**5, 10**10), elsewhere @ (1, 10**5, 10**10))
    whole = replace(geometry, skin=geometry.triangles[~known], behind_lips=few[:0], hairy=few[:0])
    for moved in ({}, {"jawOpen": 2.0}):
        fine, coarse = (drawn(stage, visual_of(g, True, hair=False), **moved) for g in (whole, geometry))
        assert np.percentile(np.abs(fine - coarse)[..., 3], 99.9) < 8
        assert np.abs(fine - coarse).mean() < 0.5


def test_teeth_are_dark_behind_lips_that_nearly_touch(stage: Stage, geometry: HeadGeometry) -> None:
    model, visual = face_model(), visual_of(geometry, False)

    def whiteness(**moved: float) -> tuple[float, float]:
        """The gap between the lips in mm, and the most green, which lips have little of, there."""
        picture = drawn(stage, visual, **moved)
        vertices = model.vertices(model.expression_of(**moved))
        upper, lower = vertices[13], vertices[14]
        seen = np.array([upper, lower]) @ HOME.matrix()[:3, :3].T + HOME.matrix()[:3, 3]
        down = projection(SIZE.width(), SIZE.height())[1, 1] * seen[:, 1] / seen[:, 2]
        top, bottom = np.round((1 + down) * SIZE.height() / 2).astype(int)
        middle = SIZE.width() // 2
        slit = picture[top : max(bottom, top + 1), middle - 8 : middle + 9, 1]
        return float(upper[1] - lower[1]), float(slit.max())

    wide, lit = whiteness(jawOpen=2.0, mouthUpperUpLeft=2.0, mouthUpperUpRight=2.0)
    narrow, dark = whiteness(mouthSmileLeft=0.7, mouthSmileRight=0.7)
    assert wide > 4 > 1 > narrow > 0
    assert lit > 150 > 140 > dark


def test_smaller_keeps_what_is_seen(qapp: Any) -> None:
    image = QImage(30, 24, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0x80402010)
    small = smaller(image, QSize(20, 16))
    assert (small.width(), small.height()) == (20, 16)
    assert np.ptp(bgra(small), axis=(0, 1)).max() == 0
    assert small.pixelColor(3, 3).alpha() == image.pixelColor(3, 3).alpha()


def test_soften_touches_edges_alone(qapp: Any) -> None:
    image = QImage(30, 24, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    within = np.zeros((24, 30), bool)
    within[6:18, 8:20] = True
    drawn = np.frombuffer(image.bits(), np.uint8).reshape(24, 30, 4)
    drawn[within] = np.arange(30, dtype=np.uint8)[None, :, None].repeat(24, 0)[within] * 3 + 90  # as on a cheek
    drawn[within, 3] = 255
    before = drawn.copy()
    soften(image)
    core = np.zeros_like(within)
    core[7:17, 9:19] = True
    assert np.array_equal(drawn[core], before[core])
    assert not drawn[:5].any() and not drawn[19:].any() and not drawn[:, :7].any() and not drawn[:, 21:].any()
    # Straight edges have two thirds of the alpha inside and one third outside, corners four and one ninths.
    assert [drawn[12, x, 3] for x in (7, 8, 19, 20)] == [85, 170, 170, 85]
    assert drawn[6, 8, 3] == 113 and drawn[5, 7, 3] == 28
    assert np.allclose(drawn[12, 7, :3], before[11:14, 8, :3].astype(int).sum(0) / 9, atol=1)


def test_backdrop_runs_from_middle_to_edge(qapp: Any) -> None:
    picture = bgra(backdrop(301, 233, (0.5, 0.4, 0.3), (0.1, 0.1, 0.1)).toImage())
    assert picture.shape == (233, 301, 4)
    assert np.allclose(picture[102, 150, 2::-1], [127.5, 102, 76.5], atol=2)
    assert np.allclose(picture[0, 0, :3], 25.5, atol=2)


def face(**moved: float) -> FaceState:
    model = face_model()
    pose = Pose(np.array([0, 0.5, 0]), np.array([0, 0, -700]))
    expression = model.expression_of(**moved)
    return FaceState(0, 0, 0.0, Box(0, 0, 9, 9), 1.0, expression, expression, np.zeros(model.n_identity), pose)


def live(state: FaceState) -> LiveFace:
    head = face_model()
    return LiveFace(state, state.expression, state.identity, head)


def test_contours_are_those_of_the_overlay() -> None:
    from expnet_live.geometry.normals import NormalOperator
    from expnet_live.geometry.rotation import matrix_from_vector

    model, state = face_model(), face(jawOpen=1.0)
    vertices = model.landmarks(state.expression, state.identity)
    turn = matrix_from_vector(state.pose.rotation)
    normals = NormalOperator(model.base_triangles, len(vertices))(vertices) @ turn.T
    points = Camera.for_image(640, 480).view(state.pose).project(vertices)
    theirs = np.concatenate(contour_lines(points, normals))
    ours = np.concatenate(FaceLines(model).contours(live(state), (640, 480)))
    assert 0.8 < len(ours) / len(theirs) < 1.25
    away = np.linalg.norm(ours[:, None] - theirs, axis=2).min(1)
    assert np.median(away) < 0.01 and np.percentile(away, 90) < 2


def test_lines_are_drawn() -> None:
    lines = FaceLines(face_model())
    assert len(lines.mesh(live(face()), (640, 480))) > 500
    picture = np.zeros((480, 640, 4), np.uint8)
    draw_lines(picture, lines.contours(live(face()), (640, 480)), (10, 200, 100), 1, 0.5)
    assert picture[..., 1].max() == pytest.approx(100, abs=3) and 0.001 < (picture[..., 1] > 20).mean() < 0.1
    draw_lines(picture, [], (1, 2, 3), 1, 1.0)


def test_history_leaves_out_the_same_rows_as_time_goes_on() -> None:
    history = History(2, seconds=10, rate=30)
    for i in range(1000):
        history.add(i / 30, np.array([i, -i]), None)
        if i in (700, 701, 905):
            shown = history.last(10, 100)
            assert 50 < len(shown) <= 100
            assert (shown[:, 1] % 4 == 0).all()
            assert shown[-1, 1] > i - 4
    assert len(history.last(10)) >= 300


def test_heartbeat_tells_waiting_from_working() -> None:
    beat = Heartbeat(0.01)
    for now, cpu in ((0.0, 0.0), (0.01, 0.001), (0.11, 0.004), (0.13, 0.024)):
        beat.beat(now, cpu)
    assert beat.longest == pytest.approx(0.09) and beat.longest_cpu == pytest.approx(0.02)
    beat.reset()
    beat.beat(5.0, 1.0)
    assert beat.longest == beat.longest_cpu == 0


def test_network_leaves_cores_to_the_window() -> None:
    assert [network_threads(n) for n in (1, 2, 3, 4, 16)] == [1, 1, 1, 2, 4]


def test_brows_are_drawn_hair_by_hair_and_go_with_the_skin(stage: Stage, geometry: HeadGeometry) -> None:
    assert geometry.brows.shape == (geometry.size, 3) and 0.9 < geometry.brows[:, 0].max() <= 1
    # Both brows are above the eyes, one on each side.
    dense = geometry.rest[geometry.brows[:, 0] > 0.5]
    assert (dense[:, 1] > 40).all() and abs(dense[:, 0].mean()) < 2 and np.abs(dense[:, 0]).min() > 8
    visual = visual_of(geometry, frugal=False)
    plain = drawn(stage, visual)
    visual.set_geometry(replace(geometry, brows=np.zeros_like(geometry.brows)))
    bare = drawn(stage, visual)
    darker = (bare - plain)[..., :3].mean(2)
    assert darker.max() > 25 and (darker > 10).mean() < 0.02


def test_a_fold_lies_above_each_upper_lid(geometry: HeadGeometry) -> None:
    model = face_model()
    folds = model.traits.folds
    assert folds is not None and folds.shape == (geometry.size,)
    for lid in model.anatomy.closings[:2]:
        edge = geometry.rest[lid.first]
        deep = geometry.rest[folds > 0.3]
        deep = deep[np.sign(deep[:, 0]) == np.sign(edge[:, 0].mean())]
        assert len(deep) > 8 and 2.5 < deep[:, 1].mean() - edge[:, 1].mean() < 7
    assert geometry.openness[folds > 0.3].max() < 0.75


@pytest.mark.parametrize(("most", "end"), [(0.3, 1.0), (-1.7, 2.0), (4.2, 5.0), (30.0, 8.0)])
def test_curves_scale_to_what_they_show(qtbot: Any, most: float, end: float) -> None:
    view = CurvesView()
    qtbot.addWidget(view)
    view.set_gauge(Gauge(("jawOpen", "other")))
    view.set_chosen(("jawOpen",))
    history = History(2)
    for i in range(40):
        history.add(i / 10, np.array([most * i / 39, 50.0]), np.zeros(3))  # what is not shown does not count
    view.refresh(history)
    plot = view.findChildren(pg.PlotWidget)[0]
    low, high = plot.getPlotItem().getViewBox().viewRange()[1]
    assert high == pytest.approx(1.25 * end) and low == -high


def test_curves_that_show_nothing_have_the_axis_of_what_will_come(qtbot: Any) -> None:
    """Before the first face, and in the middle between its ends a hint how to choose some."""
    view = CurvesView()
    qtbot.addWidget(view)
    view.set_span(20.0)
    plot, pose = view.findChildren(pg.PlotWidget)

    def ends(one: pg.PlotWidget) -> Any:
        return pytest.approx(one.getPlotItem().getViewBox().viewRange()[1])

    assert ends(plot) == [-0.1, 1.15] and ends(pose) == [-112.5, 112.5]  # of 100 % and 90 degrees, with room for words
    (hint,) = [item for item in plot.getPlotItem().items if isinstance(item, pg.TextItem)]
    low, high = plot.getPlotItem().getViewBox().viewRange()[1]
    assert hint.pos().y() == pytest.approx((low + high) / 2) and hint.pos().x() == -10


@pytest.mark.parametrize(
    ("value", "percent", "text"), [(-0.004, True, "0 %"), (-0.04, False, "+0.0"), (0.04, False, "+0.0")]
)
def test_a_value_of_nothing_has_no_sign_that_jumps(value: float, percent: bool, text: str) -> None:
    assert Gauge(("jawOpen",), percent).text(value) == text


def test_a_single_point_is_on_the_curve() -> None:
    with np.errstate(all="raise"):
        assert along_a_curve(np.ones((1, 3), np.float32)).tolist() == [0]


def test_a_path_is_shown_as_far_as_there_is_room(qapp: Any) -> None:
    """And takes none from what stands beside it."""
    row, other = QWidget(), QLineEdit()
    layout, label = QHBoxLayout(row), PathLabel()
    layout.addWidget(label, 1)
    layout.addWidget(other, 1)
    path = f"/home/ada/{60 * 'take '}.csv"
    label.setText(path)
    for width in (500, 1000):
        row.resize(width, 40)
        layout.activate()
        assert abs(label.width() - other.width()) <= 1
        assert label.shown.startswith("/home/ada/") and label.shown.endswith("take .csv") and "…" in label.shown
        assert label.width() - 20 < label.fontMetrics().horizontalAdvance(label.shown) <= label.width()
    label.setText("/home/ada/take.csv")
    assert label.shown == label.text() == "/home/ada/take.csv"
    row.deleteLater()
