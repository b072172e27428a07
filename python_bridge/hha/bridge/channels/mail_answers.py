"""What a mail server's refusal means for a message: 4xx is tried again, 5xx is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiosmtplib

from hha.bridge.channels.contract import DeliveryResult
from hha.bridge.channels.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.headerregistry import Address


def judged(reason: Exception, recipients: Sequence[Address]) -> DeliveryResult:
    """5xx is for good, all else may be different next time; of several the mildest counts."""
    if isinstance(reason, aiosmtplib.SMTPRecipientsRefused):
        mildest = min(reason.recipients, key=lambda refusal: refusal.code)
        code, answer = mildest.code, mildest.message
    elif isinstance(reason, aiosmtplib.SMTPResponseException):
        code, answer = reason.code, reason.message
    else:
        return DeliveryResult("failed", {"reason": type(reason).__name__})
    for recipient in recipients:  # addresses stay here
        answer = answer.replace(recipient.addr_spec, "recipient")
    details: dict[str, object] = {"smtp_code": code, "smtp_answer": one_line(answer, 200)}
    return DeliveryResult("refused" if 500 <= code < 600 else "failed", details)
