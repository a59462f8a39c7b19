"""The architecture of a network as plain values, shared by torch, which trains it, and the runtimes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from string import ascii_lowercase
from typing import Any

from expnet_live.core.arkit import N_BLENDSHAPES

BN_EPSILON = 1e-5
FIRST_KERNEL = 7
# Names in the graph of a network with a branch: see graph.py.
WHOLE, ACTIONS = "whole", "actions"


@dataclass(frozen=True)
class ResNetConfig:
    """`blocks` per stage; `width` channels of the first stage; `bottleneck` blocks have four times as many outputs.

    The first convolution has a stride of 2 and a pooling after it, or, with `pool` off, a stride of 4: a third cheaper.
    `fine` channels look at the picture in parallel at half its size, which shows lids and lips better.
    """

    blocks: tuple[int, ...]
    width: int
    bottleneck: bool
    pool: bool = True
    fine: int = 0

    @property
    def n_features(self) -> int:
        return self.width * 2 ** (len(self.blocks) - 1) * (4 if self.bottleneck else 1)


@dataclass(frozen=True)
class ConvShape:
    """A square convolution without bias, followed by normalisation; it pads half its kernel on all sides."""

    n_in: int
    n_out: int
    kernel: int
    stride: int = 1


@dataclass(frozen=True)
class BlockShape:
    """`branch2` with a shortcut, which is `branch1` if shapes differ. As in Caffe, the first of each has the stride.

    `stage` counts from 2, as in Caffe's names.
    """

    name: str
    stage: int
    branch2: tuple[ConvShape, ...]
    branch1: ConvShape | None


def block_names(stage: int, count: int) -> list[str]:
    """Caffe's names of a stage's blocks: 2a 2b 2c, and 3a 3b1 3b2 ... in ResNet-101's long stages."""
    if stage in (3, 4) and count > 3:
        return [f"{stage}a"] + [f"{stage}b{i}" for i in range(1, count)]
    return [f"{stage}{ascii_lowercase[i]}" for i in range(count)]


def blocks(config: ResNetConfig) -> Iterator[BlockShape]:
    """All blocks of a residual network, in order; names as res2a."""
    n_in = config.width
    for stage, count in enumerate(config.blocks, start=2):
        width = config.width * 2 ** (stage - 2)
        n_out = width * (4 if config.bottleneck else 1)
        for i, name in enumerate(block_names(stage, count)):
            stride = 2 if i == 0 and stage > 2 else 1
            branch2: tuple[ConvShape, ...]
            if config.bottleneck:
                branch2 = (
                    ConvShape(n_in, width, 1, stride),
                    ConvShape(width, width, 3),
                    ConvShape(width, n_out, 1),
                )
            else:
                branch2 = ConvShape(n_in, width, 3, stride), ConvShape(width, n_out, 3)
            branch1 = ConvShape(n_in, n_out, 1, stride) if stride != 1 or n_in != n_out else None
            yield BlockShape(f"res{name}", stage, branch2, branch1)
            n_in = n_out


def fine_block(config: ResNetConfig) -> tuple[ConvShape, BlockShape, ConvShape]:
    """The branch of `fine` channels: a convolution to half the size, a block, and a convolution to a quarter."""
    n = config.fine
    block = BlockShape("fine", 1, (ConvShape(n, n, 3), ConvShape(n, n, 3)), None)
    return ConvShape(3, n, 5, 2), block, ConvShape(n, config.width, 3, 2)


RESNET101 = ResNetConfig((3, 4, 23, 3), 64, bottleneck=True)


@dataclass(frozen=True)
class ExpNetConfig:
    """`crop_size` of the square input in px; the last layer gets `pooled` features (as in the paper) or the whole
    feature map; `outputs` are the names and sizes of its parts, in order.

    `branch` of the last stages exist twice: the last output, the actions, has one copy for itself.
    """

    backbone: ResNetConfig
    crop_size: int
    pooled: bool
    outputs: dict[str, int] = field(default_factory=dict)
    dropout: float = 0.0
    branch: int = 0

    @property
    def branch_blocks(self) -> list[BlockShape]:
        """The blocks that exist twice, in order."""
        first = len(self.backbone.blocks) + 2 - self.branch
        return [block for block in blocks(self.backbone) if block.stage >= first]

    @property
    def n_branch(self) -> int:
        """Number of outputs that have stages for themselves."""
        return list(self.outputs.values())[-1] if self.branch else 0

    @property
    def n_features(self) -> int:
        """Number of inputs of the last layer."""
        side = 1 if self.pooled else -(-self.crop_size // 32)
        return self.backbone.n_features * side * side

    @property
    def n_outputs(self) -> int:
        return sum(self.outputs.values())

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ExpNetConfig:
        backbone = dict(values["backbone"])
        backbone["blocks"] = tuple(backbone["blocks"])
        return cls(**{**values, "backbone": ResNetConfig(**backbone)})


N_NAMED, N_OFFICIAL = 29, 29  # number of coefficients of the built-in face model and of the paper's network


def outputs(n_identity: int, n_expression: int) -> dict[str, int]:
    """The parts of our own networks: view is log scale and origin in the crop. Older files lack blendshapes."""
    return {
        "expression": n_expression,
        "identity": n_identity,
        "rotation": 3,
        "view": 3,
        "gaze": 4,
        "confidence": 1,
        "blendshapes": N_BLENDSHAPES,
    }


def compact(n_identity: int, n_expression: int = N_NAMED) -> ExpNetConfig:
    """The built-in network: ResNet-18 at half width, for crops of 112 x 112."""
    backbone = ResNetConfig((2, 2, 2, 2), 32, bottleneck=False, pool=False)
    return ExpNetConfig(backbone, 112, pooled=False, outputs=outputs(n_identity, n_expression))


def fine(n_identity: int, n_expression: int = N_NAMED) -> ExpNetConfig:
    """The built-in network with more blocks and a finer look, for what is small; 1.7 times its time."""
    config = compact(n_identity, n_expression)
    return replace(config, backbone=replace(config.backbone, blocks=(3, 3, 3, 3), fine=16))


def branched(n_identity: int, n_expression: int = N_NAMED) -> ExpNetConfig:
    """The built-in network whose actions have three of four stages for themselves, learned apart."""
    return replace(compact(n_identity, n_expression), branch=3)


def resnet101(n_identity: int, n_expression: int = N_NAMED) -> ExpNetConfig:
    """The paper's backbone with our outputs."""
    return ExpNetConfig(RESNET101, 224, pooled=True, outputs=outputs(n_identity, n_expression))


def official() -> ExpNetConfig:
    """The paper's network: one fully connected layer 2048 -> 29."""
    return ExpNetConfig(RESNET101, 224, pooled=True, outputs={"expression": N_OFFICIAL})


ARCHITECTURES = {"compact": compact, "fine": fine, "branched": branched, "resnet101": resnet101}


def parameter_shapes(config: ExpNetConfig) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor of a network by its torch name; `pixel_mean` may also be a whole picture."""
    backbone, n = config.backbone, config.n_outputs
    shapes: dict[str, tuple[int, ...]] = {}

    def normalised(conv: str, bn: str, shape: ConvShape) -> None:
        shapes[f"{conv}.weight"] = (shape.n_out, shape.n_in, shape.kernel, shape.kernel)
        shapes.update({f"{bn}.{part}": (shape.n_out,) for part in ("weight", "bias", "running_mean", "running_var")})

    first = ConvShape(3, backbone.width, FIRST_KERNEL)
    normalised("backbone.conv1", "backbone.bn_conv1", first)
    if backbone.fine:
        start, middle, end = fine_block(backbone)
        for name, conv in (("start", start), ("end", end)):
            normalised(f"backbone.fine.{name}.conv", f"backbone.fine.{name}.bn", conv)
        for i, conv in enumerate(middle.branch2):
            normalised(f"backbone.fine.block.branch2.{i}.conv", f"backbone.fine.block.branch2.{i}.bn", conv)
    both = [(f"backbone.stages.{block.name}", block) for block in blocks(backbone)]
    for name, block in both + [(f"branch.{block.name}", block) for block in config.branch_blocks]:
        for i, conv in enumerate(block.branch2):
            normalised(f"{name}.branch2.{i}.conv", f"{name}.branch2.{i}.bn", conv)
        if block.branch1 is not None:
            normalised(f"{name}.branch1.conv", f"{name}.branch1.bn", block.branch1)
    layers = {"fc": n - config.n_branch} | ({"branch_fc": config.n_branch} if config.branch else {})
    for name, rows in layers.items():
        shapes |= {f"{name}.weight": (rows, config.n_features), f"{name}.bias": (rows,)}
    shapes |= {"offset": (n,), "spread": (n,)}
    return shapes | {"pixel_mean": (3, 1, 1), "pixel_spread": ()}
