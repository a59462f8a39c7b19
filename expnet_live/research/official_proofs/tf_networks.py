"""The release's networks in TensorFlow 1's words, with random weights: what the torch ports are compared with.

Written from the papers' and Caffe's descriptions, apart from the ports: layouts and padding are TensorFlow's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.official.variables import POSE_SCOPE, SCOPES

Shapes = Mapping[str, tuple[int, ...]]


def random_variables(shapes: Shapes, rng: np.random.Generator) -> dict[str, Array]:
    """Weights under which activations neither die nor explode: He's for convolutions and layers, and statistics of
    batches that are positive where they must be."""
    values: dict[str, Array] = {}
    for name, shape in shapes.items():
        leaf = name.rsplit("/", 1)[1]
        noise = rng.standard_normal(shape, np.float32)
        if leaf in ("weights", "W"):
            fan_in = int(np.prod(shape[:-1]))
            values[name] = noise * np.float32(np.sqrt(2 / fan_in))
        elif leaf == "variance":
            values[name] = rng.uniform(0.5, 2.0, shape).astype(np.float32)
        elif leaf == "scale":
            # What a block adds to its shortcut stays smaller than that: 33 of them follow each other.
            values[name] = rng.uniform(0.2, 0.6, shape).astype(np.float32) + np.float32("branch2c" not in name) * 0.4
        else:
            values[name] = 0.1 * noise
    return values


def run_resnet(kind: str, values: Mapping[str, Array], mean: Array, crops: Image, checkpoint: Path) -> dict[str, Array]:
    """All layers' outputs for crops (N, 227, 227, 3), channels last; the variables are saved as a TF 1 checkpoint."""
    tf = _tensorflow()

    scope = SCOPES[kind]
    graph = tf.Graph()
    with graph.as_default():
        v = _variables(tf, values)
        layers: dict[str, Any] = {}

        def conv(x: Any, name: str, bn: str, stride: int = 1) -> Any:
            x = tf.nn.conv2d(x, v[f"{scope}/{name}/weights"], [1, stride, stride, 1], "SAME")
            mean_, variance, offset, scale = (v[f"{scope}/{bn}/{n}"] for n in ("mean", "variance", "offset", "scale"))
            return tf.nn.batch_normalization(x, mean_, variance, offset, scale, 1e-5)

        pixels = tf.placeholder(tf.float32, [None, 227, 227, 3])
        x = layers["resized"] = tf.image.resize_bilinear(pixels, [224, 224])
        x = x - tf.constant(mean.transpose(1, 2, 0)[None])
        x = layers["conv1"] = tf.nn.relu(conv(x, "conv1", "bn_conv1", 2))
        x = layers["pool1"] = tf.nn.max_pool2d(x, 3, 2, "SAME")
        for stage, names in _blocks().items():
            for i, name in enumerate(names):
                stride = 2 if i == 0 and stage > 2 else 1
                shortcut = conv(x, f"res{name}_branch1", f"bn{name}_branch1", stride) if i == 0 else x
                for branch, s in (("branch2a", stride), ("branch2b", 1)):
                    x = tf.nn.relu(conv(x, f"res{name}_{branch}", f"bn{name}_{branch}", s))
                x = conv(x, f"res{name}_branch2c", f"bn{name}_branch2c")
                x = layers[f"res{name}"] = tf.nn.relu(shortcut + x)
        x = layers["pool5"] = tf.reshape(tf.nn.avg_pool2d(x, 7, 1, "VALID"), [-1, 2048])
        layers["output"] = tf.matmul(x, v[f"{scope}/{scope}_fc1/weights"]) + v[f"{scope}/{scope}_fc1/biases"]
        return _run(tf, graph, v, values, layers, {pixels: crops.astype(np.float32)}, checkpoint)


def run_pose_net(
    values: Mapping[str, Array], pixel_mean: Array, offset: Array, spread: Array, crops: Image, checkpoint: Path
) -> dict[str, Array]:
    """As `run_resnet`, for FacePoseNet."""
    tf = _tensorflow()

    graph = tf.Graph()
    with graph.as_default():
        v = _variables(tf, values)
        layers: dict[str, Any] = {}

        def conv(x: Any, name: str, stride: int, groups: int) -> Any:
            w, b = v[f"{POSE_SCOPE}/{name}/W"], v[f"{POSE_SCOPE}/{name}/baises"]
            parts = zip(tf.split(x, groups, 3), tf.split(w, groups, 3), strict=True)
            return tf.nn.relu(tf.concat([tf.nn.conv2d(i, k, stride, "SAME") for i, k in parts], 3) + b)

        def full(x: Any, name: str) -> Any:
            return tf.matmul(x, v[f"{POSE_SCOPE}/{name}/W"]) + v[f"{POSE_SCOPE}/{name}/baises"]

        pixels = tf.placeholder(tf.float32, [None, 227, 227, 3])
        x = pixels / 255.0 - tf.constant(pixel_mean.reshape(1, 1, 1, 3))
        for name, stride, groups in (("conv1", 4, 1), ("conv2", 1, 2)):
            x = layers[name] = conv(x, name, stride, groups)
            x = tf.nn.max_pool2d(x, 3, 2, "VALID")
            x = layers[f"norm{name[-1]}"] = tf.nn.local_response_normalization(
                x, depth_radius=2, alpha=2e-5, beta=0.75, bias=1.0
            )
        for name, groups in (("conv3", 1), ("conv4", 2), ("conv5", 2)):
            x = layers[name] = conv(x, name, 1, groups)
        x = tf.reshape(tf.nn.max_pool2d(x, 3, 2, "VALID"), [-1, 6 * 6 * 256])
        for name in ("fc6", "fc7"):
            x = layers[name] = tf.nn.relu(full(x, name))
        x = layers["fc8"] = full(x, "fc8")
        layers["output"] = x * tf.constant(spread + 1e-18) + tf.constant(offset)
        return _run(tf, graph, v, values, layers, {pixels: crops.astype(np.float32)}, checkpoint)


def _tensorflow() -> Any:
    import tensorflow.compat.v1 as tf

    # It would say of half of its first version's words that there are newer ones.
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def _blocks() -> dict[int, list[str]]:
    """Caffe's names of ResNet-101's blocks by stage."""
    return {
        2: ["2a", "2b", "2c"],
        3: ["3a", *(f"3b{i}" for i in range(1, 4))],
        4: ["4a", *(f"4b{i}" for i in range(1, 23))],
        5: [f"5{letter}" for letter in ascii_lowercase[:3]],
    }


def _variables(tf: Any, values: Mapping[str, Array]) -> dict[str, Any]:
    zeros = tf.zeros_initializer()
    return {n: tf.get_variable(n, a.shape, initializer=zeros, use_resource=False) for n, a in values.items()}


def _run(
    tf: Any,
    graph: Any,
    variables: Mapping[str, Any],
    values: Mapping[str, Array],
    layers: Mapping[str, Any],
    feed: Mapping[Any, Array],
    checkpoint: Path,
) -> dict[str, Array]:
    saver = tf.train.Saver(list(variables.values()))
    with tf.Session(graph=graph) as session:
        # Fed, not stored in the graph, which may not have two gigabytes.
        initial = {variable.initial_value: values[name] for name, variable in variables.items()}
        session.run([variable.initializer for variable in variables.values()], initial)
        saver.save(session, str(checkpoint), write_meta_graph=False, write_state=False)
        found: dict[str, Array] = session.run(dict(layers), feed)
    return found
