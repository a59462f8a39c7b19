"""The faces of photos: the network looks closer and closer at what the detector finds, at several photos together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from expnet_live.core.types import Image
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.pipeline.look import FacePredictor, Look, Stopwatch, crop_type, distinct, first_crop, look_at_all

# Below the first it is not a face; above the second the search ends.
_CONFIDENCE, _SURE = 0.6, 0.8
_DOUBTFUL = 4  # number of detections to check beyond the number of faces wanted


@dataclass(frozen=True)
class PhotoSearch:
    """Finds `most` faces in each photo. With `refine`, the network runs three times, the last two times as `close`."""

    detector: FaceDetector
    predictor: FacePredictor
    close: FacePredictor
    most: int
    refine: bool

    def __call__(self, images: Iterable[Image], watch: Stopwatch) -> list[list[Look]]:
        """The looks at the faces of each photo, the largest face first."""
        searches = [_Search(image, self.detector.search(image)) for image in images]
        open_ones = searches
        while open_ones:
            with watch("detect"):
                found = [(search, next(search.stages, None)) for search in open_ones]
            # The detector's largest or best result need not be a face: let the network check a few more than are
            # wanted.
            self._look_closer([(s, d) for s, all_ in found for d in (all_ or [])[: self.most + _DOUBTFUL]], watch)
            open_ones = [s for s, all_ in found if all_ is not None and not any(k.confidence >= _SURE for k in s.looks)]
        return [sorted(s.looks, key=lambda k: -k.view.scale)[: self.most] for s in searches]

    def _look_closer(self, places: Sequence[tuple[_Search, Detection]], watch: Stopwatch) -> None:
        """Add the looks at detections to their searches."""
        crops = [(search, first_crop(search.image, d, self.predictor)) for search, d in places]
        seen = _plausible(crops, self.predictor, watch)
        # The second of the three determines the crop of the last, so it must also treat both sides equally.
        for _ in range(2 if self.refine else 0):
            kind, size = crop_type(self.close), self.predictor.crop_size
            seen = _plausible([(search, kind.of_view(k.view, size)) for search, k in seen], self.close, watch)
        for search in dict.fromkeys(search for search, _ in seen):
            new = [look for of, look in seen if of is search and look.confidence >= _CONFIDENCE]
            search.looks = distinct(search.looks + new)


@dataclass(eq=False)
class _Search:
    """The search for faces in a photo: further stages of the detector, and the looks so far."""

    image: Image
    stages: Iterator[list[Detection]]
    looks: list[Look] = field(default_factory=list)


def _plausible(
    crops: Sequence[tuple[_Search, Crop]], predictor: FacePredictor, watch: Stopwatch
) -> list[tuple[_Search, Look]]:
    """The plausible looks at crops of photos, each with its search."""
    looks = look_at_all([(search.image, crop) for search, crop in crops], predictor, watch)
    return [(search, look) for (search, _), look in zip(crops, looks, strict=True) if look.plausible]
