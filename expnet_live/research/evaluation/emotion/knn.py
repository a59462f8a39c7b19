"""k nearest neighbours on coefficients, leaving one subject out; confusion matrices and confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.types import Array

NEIGHBOURS = 5
_ROWS = 1000  # of the matrix of distances at a time


@dataclass(frozen=True, eq=False)
class Outcome:
    """The kNN result for N samples with C classes.

    `votes` (N, C): how often each sample was assigned to each class, as shares of its tests (zeros if it was never
    tested); `draws` (D,): accuracy of each balanced draw, empty without draws.
    """

    votes: Array
    label: Array
    subject: Array
    draws: Array

    @property
    def asked(self) -> Array:
        """(N,) bool."""
        return self.votes.sum(1) > 0

    @property
    def hits(self) -> Array:
        """(N,) share of a sample's correct classifications."""
        return self.votes[np.arange(len(self.label)), self.label]

    @property
    def accuracy(self) -> float:
        """Accuracy over the samples, or over the balanced draws if there are any."""
        return float(self.draws.mean() if len(self.draws) else self.hits[self.asked].mean())

    @property
    def recall(self) -> float:
        """Mean over the classes of the share classified correctly."""
        matrix = self.confusion
        there = matrix.sum(1) > 0
        return float(np.diag(matrix)[there].mean())

    @property
    def confusion(self) -> Array:
        """Confusion matrix (C, C), row: true class, column: predicted class, in shares of the row."""
        counts = np.zeros((self.votes.shape[1],) * 2)
        np.add.at(counts, self.label, self.votes)
        return counts / np.maximum(counts.sum(1, keepdims=True), 1e-12)


def classify(
    features: Array, label: Array, subject: Array, *, reference: Array | None = None, k: int = NEIGHBOURS
) -> Outcome:
    """Test all samples once. features (N, D), label and subject (N,) integers from 0.

    `reference` (N,) bool: samples that are only neighbours, while the others are tested; None: all are both.
    """
    x = standardized(features, reference)
    told = _nearest_classes(x, label, subject, k, reference)
    votes = np.eye(label.max() + 1)[told]
    if reference is not None:
        votes[reference] = 0
    return Outcome(votes, label, subject, np.empty(0))


def classify_balanced(features: Array, label: Array, subject: Array, draws: int, k: int = NEIGHBOURS) -> Outcome:
    """The same with each class drawn equally often, as often as the rarest class occurs, in many draws."""
    rng = np.random.default_rng(1)
    classes = label.max() + 1
    n = np.bincount(label).min()
    x = standardized(features)
    votes, accuracy = np.zeros((len(x), classes)), np.zeros(draws)
    for d in range(draws):
        pick = np.concatenate([rng.permutation(np.flatnonzero(label == c))[:n] for c in range(classes)])
        told = _nearest_classes(x[pick], label[pick], subject[pick], k)
        votes[pick, told] += 1
        accuracy[d] = (told == label[pick]).mean()
    return Outcome(votes / np.maximum(votes.sum(1, keepdims=True), 1), label, subject, accuracy)


def standardized(features: Array, reference: Array | None = None) -> Array:
    """Normalise each column to mean 0 and standard deviation 1 of the `reference` samples (N,) bool, so that
    coefficients of any unit have equal weight. None: of all samples, as each is a neighbour."""
    from sklearn.preprocessing import StandardScaler

    known = features if reference is None else features[reference]
    return np.asarray(StandardScaler().fit(known).transform(features))


def _nearest_classes(x: Array, label: Array, subject: Array, k: int, reference: Array | None = None) -> Array:
    """The majority class (N,) of the k nearest samples of other subjects; 0 where there are none.

    All distances are computed once: a classifier for each subject would take a hundred times as long.
    """
    from sklearn.metrics.pairwise import euclidean_distances
    from sklearn.utils import gen_batches

    k, classes = min(k, len(x)), np.eye(label.max() + 1)
    told = np.zeros(len(x), int)
    for rows in gen_batches(len(x), _ROWS):
        distance = euclidean_distances(x[rows], x)
        distance[subject[rows, None] == subject] = np.inf
        if reference is not None:
            distance[:, ~reference] = np.inf
        nearest = np.argpartition(distance, k - 1, axis=1)[:, :k]
        votes = _votes(np.take_along_axis(distance, nearest, 1))
        told[rows] = (votes[:, :, None] * classes[label[nearest]]).sum(1).argmax(1)
    return told


def _votes(distance: Array) -> Array:
    """One vote each, plus a small bonus for nearness, so that ties go to the nearer neighbours; none from infinity."""
    result: Array = np.isfinite(distance) + 1e-3 / (1 + distance**2)
    return result


def bootstrap(outcomes: dict[str, Outcome], rounds: int = 2000, seed: int = 0) -> dict[str, tuple[Array, Array]]:
    """Accuracy and mean recall (rounds,) each, with the subjects drawn anew with replacement.

    All outcomes are of the same samples and get the same draws, so that their differences may be taken. With
    balanced draws the accuracy is that of equally frequent classes, which is the mean recall.
    """
    first = next(iter(outcomes.values()))
    subjects, of = np.unique(first.subject[first.asked], return_inverse=True)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(subjects), np.full(len(subjects), 1 / len(subjects)), rounds)
    result = {}
    for name, outcome in outcomes.items():
        label, hits = outcome.label[outcome.asked], outcome.hits[outcome.asked]
        counts, right = (np.zeros((len(subjects), outcome.votes.shape[1])) for _ in range(2))
        np.add.at(counts, (of, label), 1)
        np.add.at(right, (of, label), hits)
        n, r = times @ counts, times @ right
        # A class that is missing from a draw does not count in it.
        recall = np.divide(r, n, out=np.full_like(r, np.nan), where=n > 0)
        mean = np.nanmean(recall, axis=1)
        result[name] = (mean if len(outcome.draws) else r.sum(1) / n.sum(1), mean)
    return result


def interval(values: Array) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
