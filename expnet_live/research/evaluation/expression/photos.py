"""Photos of held-out people, whose faces our rig moves: each action alone, against the photo at rest."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.look import Stopwatch, crop_type, look_at
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.measure import ActionFigures, figures
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.made.draw import Studio
from expnet_live.research.training.made.photo_actor import PhotoActor
from expnet_live.research.training.made.pictures import Faces

_STRENGTHS = (0.5, 1.0)


def measure_photos(pipeline: Pipeline, material: Material, count: int) -> list[ActionFigures]:
    """Of `count` photos among the held-out ones of `material`: how the answer changes against the photo at rest.

    The pipeline looks at the crop of the true pose, as it looks at photos.
    """
    predictor, watch = pipeline.close_look, Stopwatch()
    rng = np.random.default_rng(77)
    actor = PhotoActor(FaceModel.load(), Faces(material, frontal=False, sharp=True, held_out=True))
    studio = Studio()
    said: list[Array] = []
    truth: list[Array] = []
    number: list[int] = []
    for photo in tqdm(range(count), "photos", unit="photo"):
        actor.change(rng)
        wanted = [np.zeros(N_BLENDSHAPES, np.float32)]
        for i in range(N_BLENDSHAPES):
            for strength in _STRENGTHS:
                w = np.zeros(N_BLENDSHAPES, np.float32)
                w[i] = strength
                if i == INDEX["mouthClose"]:
                    w[INDEX["jawOpen"]] = strength
                wanted.append(w)
        answers = []
        for w in wanted:
            scene = actor.play(w, rng)
            view = WeakPerspective(scene.rotation, scene.scale, float(scene.origin[0]), float(scene.origin[1]))
            image, crop = studio.draw(actor, scene, rng), crop_type(predictor).of_view(view, predictor.crop_size)
            (close,) = look_at(image, [crop], predictor, watch)
            (look,) = pipeline.look_again([(image, close)], watch, photos=True)
            assert look.blendshapes is not None
            answers.append(look.blendshapes)
        answer = np.array(answers)
        said.append(answer - answer[0])
        truth.append(np.stack(wanted))
        number += [photo] * len(wanted)
    return figures(np.concatenate(said), np.concatenate(truth), np.array(number))
