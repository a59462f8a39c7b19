"""Growing: a trained network gets more layers without a change of what it predicts, and learns on with them.

As in Net2Net (Chen et al. 2016), but the last normalisation of each new path starts at zero, so it adds nothing.
"""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.networks.architecture import ResNetConfig
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.resnet import Block


def grown(net: ExpNet, backbone: ResNetConfig) -> ExpNet:
    """`net` with the layers of `backbone`. Raises UserError if it is not `net`'s with more blocks or details."""
    has = net.config.backbone
    small = replace(has, blocks=backbone.blocks, fine=backbone.fine)
    if small != backbone or any(n < m for n, m in zip(backbone.blocks, has.blocks, strict=False)):
        raise UserError("These weights have another kind of network and cannot grow; train without --grow.")
    bigger = ExpNet(replace(net.config, backbone=backbone))
    state = bigger.state_dict()
    new = state.keys() - net.state_dict().keys()
    bigger.load_state_dict(state | net.state_dict())
    for name, block in bigger.backbone.stages.items():
        assert isinstance(block, Block)
        if f"backbone.stages.{name}.branch2.0.conv.weight" in new:
            nn.init.zeros_(block.branch2[-1].bn.weight)  # type: ignore[union-attr, arg-type]
    if bigger.backbone.fine is not None and not has.fine:
        nn.init.zeros_(bigger.backbone.fine.end.bn.weight)
    return bigger
