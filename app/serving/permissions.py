"""What a visitor of this server may do: the operator's setting, checked against what the browser sent.

A visitor is private, and may load models, name files and call servers, only on the operator's own machine: the server
is not declared public, it is bound to a loopback address, and the page was asked for under a loopback name, by itself
and through no proxy. Everyone else is public. Names that the operator did not allow are refused, so that a foreign
page whose name leads to this machine (DNS rebinding) gets nothing; a public server for which none was allowed answers
under its addresses and the machine's own name.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.rollout.request import Limits
from treecore import quotas

PUBLIC_VARIABLE, HOSTS_VARIABLE, READ_ONLY_VARIABLE = "TREECORE_PUBLIC", "TREECORE_HOSTS", "TREECORE_READ_ONLY"
READ_ONLY = "this server shows and computes, but samples nothing"
OFF = ("", "0", "false", "no", "off")
FORWARDED = (
    *("forwarded", "forwarded-for", "via", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip"),
    *("cf-connecting-ip", "fastly-client-ip", "x-cluster-client-ip", "x-original-host", "x-original-forwarded-for"),
)
FORWARDED_PREFIX = "x-forwarded-"
"""Headers that only a proxy sends: then the loopback address is the proxy's, not the visitor's."""

BROWSER_COOKIE = "_streamlit_xsrf"
"""Set by Streamlit once a browser: `2|MASK|MASKED TOKEN|TIME` in hexadecimal, with another mask on every page."""


class Access(Enum):
    """What a page may do."""

    REFUSED = "refused"
    PUBLIC = "public"
    PRIVATE = "private"


def access(headers: Mapping[str, str]) -> Access:
    """What the page that sent these headers may do.

    Args:
        headers: of its websocket request, names in lower case; none where the page runs without one, in a program.
    """
    if not headers:
        return Access.PUBLIC if is_open() else Access.PRIVATE
    host, origin = headers.get("host", "").lower(), headers.get("origin", "").lower()
    foreign = origin != "" and origin.partition("://")[2] != host
    if foreign and origin not in allowed_origins():
        return Access.REFUSED
    name, hosts = host_name(host), allowed_hosts()
    known = is_loopback(name) or any(matches(name, pattern=one) for one in hosts)
    if not known and (hosts or not is_open() or not is_own(name)):
        return Access.REFUSED
    forwarded = any(one in FORWARDED or one.startswith(FORWARDED_PREFIX) for one in headers)
    return Access.PUBLIC if is_open() or foreign or forwarded or not is_loopback(name) else Access.PRIVATE


def is_open() -> bool:
    """Whether others can reach this server: its operator says so, or it is not bound to a loopback address."""
    return is_set(PUBLIC_VARIABLE) or not is_loopback(st.get_option("server.address") or "")


def is_read_only() -> bool:
    """Whether nobody samples on this server, its operator neither."""
    return is_set(READ_ONLY_VARIABLE)


def is_set(variable: str) -> bool:
    """Whether the operator turned something on in the environment."""
    return os.environ.get(variable, "").strip().lower() not in OFF


def is_private() -> bool:
    """Whether the visitor of this run is at the operator's own machine."""
    return access(sent_headers()) is Access.PRIVATE


def is_refused() -> bool:
    """Whether the visitor of this run came under a name that the operator did not allow."""
    return access(sent_headers()) is Access.REFUSED


def limits() -> Limits | None:
    """The most that one run of this visitor may take; None for no bound.

    Raises:
        FormatError: the operator set one of them to something that is no positive whole number.
    """
    if is_private():
        return None
    return Limits(trajectories=quotas.TRAJECTORIES.most, tokens=quotas.TOKENS.most, seconds=float(quotas.SECONDS.most))


def visitor() -> str:
    """Who asks: the browser, also when its page is loaded again, else the page; "" for a program of this machine."""
    if not sent_headers():
        return ""
    context = get_script_run_ctx()
    secret = browser_token(st.context.cookies.get(BROWSER_COOKIE, "")) or (context.session_id if context else "")
    return hashlib.sha256(secret.encode()).hexdigest()


def owner() -> str:
    """Whose share what is asked for counts against: the visitor; "" for the operator, whom no share bounds."""
    return "" if is_private() else visitor()


def browser_token(cookie: str) -> str:
    """The token of a browser's cookie; "" for none."""
    try:
        version, mask, masked, _ = cookie.strip("\"'").split("|")
        key, data = bytes.fromhex(mask), bytes.fromhex(masked)
    except ValueError:
        return ""
    if version != "2" or len(key) != 4 or len(data) < 16:
        return ""
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(data)).hex()


def sent_headers() -> dict[str, str]:
    """Headers of the visitor's websocket request, names in lower case."""
    return {str(name).lower(): str(value) for name, value in st.context.headers.to_dict().items()}


def allowed_hosts() -> list[str]:
    """Names beside those of loopback under which the operator lets the server be reached; none for its own alone."""
    named = os.environ.get(HOSTS_VARIABLE, "").replace(",", " ").split()
    return [one for one in [*named, *st.get_option("server.allowedHosts")] if not is_loopback(one)]


def allowed_origins() -> list[str]:
    """Other origins that the operator trusts."""
    return [origin.strip().lower() for origin in st.get_option("server.corsAllowedOrigins")]


def matches(name: str, *, pattern: str) -> bool:
    """Whether a host name is the one allowed, or one of `*.example.org`, or any is (`*`)."""
    pattern = pattern.lower().rstrip(".")
    return pattern in ("*", name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))


def host_name(host: str) -> str:
    """The name in a Host header, without its port; "" for one that is none."""
    try:
        found = urlsplit(f"//{host}")
        _ = found.port
    except ValueError:
        return ""
    plain = not (found.username or found.password or found.path or found.query or found.fragment)
    return (found.hostname or "").rstrip(".") if plain else ""


def is_own(name: str) -> bool:
    """Whether a host name is an address, or what this machine calls itself: no name server of others leads there."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        full = socket.gethostname().lower().rstrip(".")
        short = full.partition(".")[0]
        return name != "" and name in (full, short, f"{short}.local")
    return True


def is_loopback(name: str) -> bool:
    """Whether a host name or address is this machine's own, whatever the name servers say."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
