"""HTTP Message Signatures, RFC 9421, in the profile of Mastodon and Fedify (protocol §3)."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

import http_sf
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from potluck.federation.errors import SignatureError
from potluck.federation.signatures.digest import check_content_digest, make_content_digest
from potluck.federation.signatures.keys import SigningKey, sign_bytes
from potluck.federation.signatures.request import (
    MAX_HEADER,
    ParsedSignature,
    RequestHeaders,
    Scheme,
    check_expiry,
    check_time,
    http_date,
    parse_seconds,
)
from potluck.federation.urls import request_url, split

_LABEL = "sig1"
_ALGORITHMS = {
    None: None,
    "rsa-v1_5-sha256": "rsa-sha256",
    "rsa-v1_5-sha512": "rsa-sha512",
    "rsa-pss-sha512": "rsa-pss-sha512",
    "ed25519": "ed25519",
}
_MAX_COVERED = 40


async def sign(
    method: str,
    url: str,
    key: SigningKey,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    now: float | None = None,
) -> dict[str, str]:
    """The headers that sign a request: those given, Date, a body's Content-Digest, and the signature.

    Args:
        method: GET or POST.
        url: what is requested.
        key: whose signature; RSA signs as rsa-v1_5-sha256, which every verifier knows.
        body: bytes sent.
        headers: further headers to send and to cover.
        now: Unix time, for tests.
    """
    target = request_url(url)
    now = time.time() if now is None else now
    sent = dict(headers or {})
    if body is not None:
        sent["Content-Digest"] = make_content_digest(body)
    names = ["@method", "@target-uri", *(name.lower() for name in sent)]
    algorithm = "rsa-v1_5-sha256" if isinstance(key.private, RSAPrivateKey) else "ed25519"
    covered = " ".join(f'"{name}"' for name in names)
    parameters = f'({covered});created={int(now)};keyid="{_quoted(key.key_id)}";alg="{algorithm}"'
    lines = [f'"@method": {method.upper()}', f'"@target-uri": {target}']
    lines += [f'"{name.lower()}": {value}' for name, value in sent.items()]
    lines.append(f'"@signature-params": {parameters}')
    signature = await sign_bytes(key.private, "\n".join(lines).encode("utf-8"))
    return {
        "Date": http_date(now),
        **sent,
        "Signature-Input": f"{_LABEL}={parameters}",
        "Signature": f"{_LABEL}=:{base64.b64encode(signature).decode('ascii')}:",
    }


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def parse(
    method: str, target: str, headers: RequestHeaders, body: bytes, *, base_url: str, now: float
) -> ParsedSignature:
    """Take the signature out of a request and hold everything but the key against the rules.

    Args:
        method: of the request.
        target: path and query as in the request line.
        headers: of the request.
        body: of the request; its digest must be covered when the request has one.
        base_url: our public scheme and host, which `@target-uri` is built from: never from what a proxy
            passes. now: Unix time.

    Raises:
        SignatureError: unreadable, covering too little, out of its time, or for another body.
    """
    label, raw, covered, parameters = _signature_input(headers)
    key_id, algorithm = _key(parameters)
    created = parameters.get("created")
    if not isinstance(created, int):
        raise SignatureError("a signature needs created")
    check_time(parse_seconds(created), now, "created")
    expires = parameters.get("expires")
    if expires is not None:
        check_expiry(parse_seconds(expires if isinstance(expires, int) else ""), now)
    _check_coverage(method, covered, body)
    if "content-digest" in covered:
        check_content_digest(headers.need("content-digest"), body)
    values = [f'"{name}": {_component(name, method, target, headers, base_url)}' for name in covered]
    base = "\n".join([*values, f'"@signature-params": {raw}'])
    return ParsedSignature(
        key_id=key_id,
        scheme=Scheme.RFC9421,
        algorithm=_ALGORITHMS[algorithm],
        created=float(created),
        covered=covered,
        signature=_signature(headers, label),
        bases=(base.encode("latin-1", "replace"),),  # as headers were decoded
    )


def _signature_input(headers: RequestHeaders) -> tuple[str, str, tuple[str, ...], Mapping[str, object]]:
    """Label, the inner list exactly as sent, the names in it, and its parameters."""
    value = headers.need("signature-input")
    members = _dictionary(value, "Signature-Input")
    if len(members) != 1:
        raise SignatureError("exactly one signature is taken")
    label, member = next(iter(members.items()))
    if not isinstance(member, tuple) or not isinstance(member[0], list):
        raise SignatureError("malformed Signature-Input header")
    names = []
    for item in member[0]:
        name, parameters = item if isinstance(item, tuple) else (item, {})
        if not isinstance(name, str) or parameters:
            raise SignatureError("components with parameters are not taken")
        names.append(name)
    # With a single member everything behind the first "=" is its inner list, as it must stand in the base.
    return label, value.partition("=")[2].strip(), tuple(names), member[1]


def _key(parameters: Mapping[str, object]) -> tuple[str, str | None]:
    key_id, algorithm = parameters.get("keyid"), parameters.get("alg")
    if not isinstance(key_id, str) or not key_id:
        raise SignatureError("a signature needs keyid")
    if algorithm is None:
        return key_id, None
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise SignatureError("the algorithm is not taken")
    return key_id, algorithm


def _check_coverage(method: str, covered: tuple[str, ...], body: bytes) -> None:
    if len(covered) > _MAX_COVERED or len(set(covered)) != len(covered):
        raise SignatureError("components of the signature are repeated or too many")
    for name in ("@method", "@target-uri"):
        if name not in covered:
            raise SignatureError(f"{name} is not signed")
    if (body or method.upper() != "GET") and "content-digest" not in covered:
        raise SignatureError("content-digest is not signed")


def _component(name: str, method: str, target: str, headers: RequestHeaders, base_url: str) -> str:
    """The value of one component (RFC 9421 section 2)."""
    if not name.startswith("@"):
        if name != name.lower():
            raise SignatureError("component names must be in lower case")
        return headers.need(name)
    path, _, query = target.partition("?")
    derived = {
        "@method": method.upper(),
        "@target-uri": base_url + target,
        "@authority": split(base_url).authority,
        "@scheme": split(base_url).scheme,
        "@request-target": target,
        "@path": path or "/",
        "@query": f"?{query}",
    }
    if name not in derived:
        raise SignatureError(f"component {name[:40]!r} is not taken")
    return derived[name]


def _signature(headers: RequestHeaders, label: str) -> bytes:
    member = _dictionary(headers.need("signature"), "Signature").get(label)
    value = member[0] if isinstance(member, tuple) else member
    if not isinstance(value, bytes):
        raise SignatureError("the signature itself is absent or malformed")
    return value


def _dictionary(value: str, name: str) -> Mapping[str, object]:
    if len(value) > MAX_HEADER:
        raise SignatureError(f"{name} header too long")
    try:
        members = http_sf.parse(
            value.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_duplicate
        )
    except (http_sf.StructuredFieldError, UnicodeEncodeError) as error:
        raise SignatureError(f"malformed {name} header") from error
    if not isinstance(members, dict):
        raise SignatureError(f"malformed {name} header")
    return members


def _refuse_duplicate(key: str, context: str) -> None:
    raise SignatureError(f"{key[:40]!r} occurs twice in a {context}")
