"""Where a message goes. One file per kind; this one is the contract and the list.

The database names a channel; what stands behind the name (a URL, a secret) is known only here.
"""

from __future__ import annotations

from hha.bridge.channels import console, webhook
from hha.bridge.channels.contract import (
    Channel,
    ChannelFactory,
    ChannelParser,
    DeliveryResult,
    Message,
)

CHANNELS: dict[str, ChannelParser] = {"console": console.parse, "webhook": webhook.parse}

__all__ = ["CHANNELS", "Channel", "ChannelFactory", "ChannelParser", "DeliveryResult", "Message"]
