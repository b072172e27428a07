"""Where a message goes. One file per kind; this one is the contract and the list.

The database names a channel; what stands behind the name (a URL, a secret) is known only here.
"""

from __future__ import annotations

from hha.bridge.channels import alertmanager, apprise, console, email, slack, sms, webhook
from hha.bridge.channels.contract import (
    Channel,
    ChannelFactory,
    ChannelParser,
    DeliveryResult,
    Message,
)

CHANNELS: dict[str, ChannelParser] = {
    "alertmanager": alertmanager.parse,
    "apprise": apprise.parse,
    "console": console.parse,
    "email": email.parse,
    "slack": slack.parse,
    "sms": sms.parse,
    "webhook": webhook.parse,
}

__all__ = ["CHANNELS", "Channel", "ChannelFactory", "ChannelParser", "DeliveryResult", "Message"]
