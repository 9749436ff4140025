"""HTTP signatures of draft-cavage-12, in the profile everyone verifies (protocol §2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from potluck.federation.errors import InvalidUri, SignatureError
from potluck.federation.signatures.digest import check_digest, make_digest
from potluck.federation.signatures.keys import SigningKey, decode_base64, sign_bytes
from potluck.federation.signatures.request import (
    MAX_HEADER,
    ParsedSignature,
    RequestHeaders,
    Scheme,
    check_expiry,
    check_time,
    http_date,
    parse_date,
    parse_seconds,
)
from potluck.federation.urls import normalise_authority, request_url, split

_PARAMETER = re.compile(r'\s*([A-Za-z]{1,20})\s*=\s*(?:"([^"]*)"|([0-9]{1,20}(?:\.[0-9]{1,9})?))\s*(?:,|$)')
# Label -> algorithm as `verify_bytes` takes it. `hs2019` and no label leave it to the key: everyone who sends
# them means RSA-SHA256 (protocol §2).
_ALGORITHMS = {
    None: None,
    "hs2019": None,
    "rsa-sha256": "rsa-sha256",
    "rsa-sha512": "rsa-sha512",
    "ed25519": "ed25519",
    "ed25519-sha512": "ed25519",
}
_MAX_COVERED = 40


async def sign(
    method: str,
    url: str,
    key: SigningKey,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    with_query: bool = True,
    now: float | None = None,
) -> dict[str, str]:
    """The headers that sign a request: Host, Date, Digest if there is a body, those given, and Signature.

    Args:
        method: GET or POST.
        url: what is requested.
        key: whose signature.
        body: bytes sent; b"" makes a Digest of the empty body, as Lemmy wants it on signed GETs.
        headers: further headers to send and to cover, for example Content-Type, Collection-Synchronization.
        with_query: whether `(request-target)` holds the query string; some systems leave it out.
        now: Unix time, for tests.
    """
    parts = split(request_url(url))
    target = parts.target if with_query else (parts.path or "/")
    sent = {"Host": parts.authority, "Date": http_date(now)}
    if body is not None:
        sent["Digest"] = make_digest(body)
    sent.update(headers or {})
    lines = [f"(request-target): {method.lower()} {target}"]
    lines += [f"{name.lower()}: {value}" for name, value in sent.items()]
    signature = base64.b64encode(await sign_bytes(key.private, "\n".join(lines).encode("utf-8"))).decode(
        "ascii"
    )
    covered = " ".join(["(request-target)", *(name.lower() for name in sent)])
    # No blanks after the commas: BookWyrm and Funkwhale split on bare ones.
    algorithm = "rsa-sha256" if isinstance(key.private, RSAPrivateKey) else "hs2019"
    sent["Signature"] = (
        f'keyId="{key.key_id}",algorithm="{algorithm}",headers="{covered}",signature="{signature}"'
    )
    return sent


def parse(
    method: str, target: str, headers: RequestHeaders, body: bytes, *, hosts: Collection[str], now: float
) -> ParsedSignature:
    """Take the signature out of a request and hold everything but the key against the rules.

    Args:
        method: of the request.
        target: path and query as in the request line.
        headers: of the request.
        body: of the request; its digest must be covered when the request has one.
        hosts: spellings of our host that a Host header may have, normalised.
        now: Unix time.

    Raises:
        SignatureError: unreadable, covering too little, out of its time, for another host or another body.
    """
    parameters = _parameters(headers)
    key_id, signature = parameters.get("keyId"), parameters.get("signature")
    if not key_id or not signature:
        raise SignatureError("a signature needs keyId and signature")
    label = parameters.get("algorithm")
    label = label.lower() if label else None
    if label not in _ALGORITHMS:
        raise SignatureError(f"algorithm {label[:40] if label else ''!r} is not taken")
    covered = tuple(parameters.get("headers", "date").lower().split())
    _check_coverage(method, covered, label, body)
    created = _check_times(covered, parameters, headers, now)
    if "host" in covered:
        _check_host(headers.need("host"), hosts)
    if "digest" in covered:
        check_digest(headers.need("digest"), body)
    return ParsedSignature(
        key_id=key_id,
        scheme=Scheme.CAVAGE,
        algorithm=_ALGORITHMS[label],
        created=created,
        covered=covered,
        signature=decode_base64(signature),
        bases=_bases(method, target, covered, parameters, headers),
    )


def _parameters(headers: RequestHeaders) -> dict[str, str]:
    value = headers.get("signature")
    if value is None:
        value = headers.get("authorization") or ""
        if value[:10].lower() != "signature ":
            raise SignatureError("the request is not signed")
    if len(value) > MAX_HEADER:
        raise SignatureError("Signature header too long")
    if value[:10].lower() == "signature ":
        value = value[10:]
    found: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            raise SignatureError("malformed Signature header")
        name = match[1]
        if name in found:
            raise SignatureError(f"parameter {name} occurs twice in the Signature header")
        found[name] = match[2] if match[2] is not None else match[3]
        position = match.end()
    return found


def _check_coverage(method: str, covered: tuple[str, ...], label: str | None, body: bytes) -> None:
    """The least a signature must cover: target, host, time, and the body if there is one."""
    if len(covered) > _MAX_COVERED or len(set(covered)) != len(covered):
        raise SignatureError("header names in the signature are repeated or too many")
    for name in ("(request-target)", "host"):
        if name not in covered:
            raise SignatureError(f"{name} is not signed")
    if "date" not in covered and "(created)" not in covered:
        raise SignatureError("neither date nor (created) is signed")
    if (body or method.upper() != "GET") and "digest" not in covered:
        raise SignatureError("digest is not signed")
    if label not in (None, "hs2019") and not {"(created)", "(expires)"}.isdisjoint(covered):
        raise SignatureError(f"(created) and (expires) cannot be signed with {label}")


def _check_times(
    covered: tuple[str, ...], parameters: Mapping[str, str], headers: RequestHeaders, now: float
) -> float:
    times = []
    if "(created)" in covered:
        times.append(parse_seconds(parameters.get("created", "")))
        check_time(times[-1], now, "(created)")
    if "date" in covered:
        times.append(parse_date(headers.need("date")))
        check_time(times[-1], now, "Date")
    if "expires" in parameters:
        check_expiry(parse_seconds(parameters["expires"]), now)
    return min(times)


def _check_host(value: str, hosts: Collection[str]) -> None:
    try:
        host = normalise_authority(value)
    except InvalidUri as error:
        raise SignatureError("malformed Host header") from error
    if host not in hosts and value.lower() not in hosts:
        raise SignatureError("signed for another host")


def _bases(
    method: str, target: str, covered: tuple[str, ...], parameters: Mapping[str, str], headers: RequestHeaders
) -> tuple[bytes, ...]:
    """The signing string with the query in its target and, if there is a query, the one without."""
    targets = [target]
    if "?" in target:
        targets.append(target.partition("?")[0])
    lines = [_line(name, parameters, headers) for name in covered]
    at = covered.index("(request-target)")
    found = []
    for spelling in targets:
        lines[at] = f"(request-target): {method.lower()} {spelling}"
        found.append("\n".join(lines).encode("latin-1", "replace"))  # as headers were decoded
    return tuple(found)


def _line(name: str, parameters: Mapping[str, str], headers: RequestHeaders) -> str:
    match name:
        case "(request-target)":
            return ""
        case "(created)" | "(expires)":
            value = parameters.get(name[1:-1])
            if value is None:
                raise SignatureError(f"{name} is signed but absent")
            return f"{name}: {value}"
        case _:
            return f"{name}: {headers.need(name)}"
