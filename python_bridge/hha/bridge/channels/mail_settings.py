"""How the channel 'email' reaches its mail server, and the addresses it writes."""

from __future__ import annotations

import ssl
from email.headerregistry import Address
from typing import Any

from hha.bridge.section import Section

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def read_connection(section: Section) -> dict[str, Any]:
    """Arguments for aiosmtplib.SMTP. A password goes nowhere without TLS."""
    security = section.choice("security", list(_PORTS), "starttls")
    found: dict[str, Any] = {
        "hostname": section.text("host"),
        "port": section.whole_number("port", _PORTS[security], least=1, most=65_535),
        "use_tls": security == "tls",
        "start_tls": security == "starttls",
        "tls_context": _tls_context(section) if security != "none" else None,
    }
    password = section.secret("password")
    if (password is None) == section.has("username"):
        raise section.error("username", "goes together with password_env or password_file")
    if password is not None:
        if security == "none":
            raise section.error("security", "a password is sent only under starttls or tls")
        found |= {"username": section.text("username"), "password": password}
    return found


def read_address(section: Section, key: str, text: str) -> Address:
    """An address such as 'ops@example.org', or with a name: 'Night watch <ops@example.org>'."""
    name, has_name, rest = text.rpartition("<")
    try:
        address = Address(name.strip().strip('"') if has_name else "", addr_spec=rest.rstrip(">"))
    except (ValueError, IndexError) as reason:
        raise section.error(key, f"{text!r} is not a mail address: {reason}") from None
    if not address.domain or not text.isprintable():
        raise section.error(key, f"{text!r} is not a mail address such as ops@example.org")
    return address


def _tls_context(section: Section) -> ssl.SSLContext:
    """The system's authorities, or those of `ca_file` alone."""
    path = section.file_path("ca_file") if section.has("ca_file") else None
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as reason:
        raise section.error("ca_file", f"cannot be used: {reason}") from None
