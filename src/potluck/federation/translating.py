"""Asks the translation service the operator named; it speaks as LibreTranslate does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from potluck import __version__
from potluck.federation.addresses import AddressPolicy
from potluck.federation.errors import InvalidAnswer
from potluck.federation.fetch import Limits, SafeClient
from potluck.settings import Settings
from potluck.social.fading import FadingCache

MAX_CHARACTERS = 50_000
_ANYWHERE = tuple(ip_network(net) for net in ("0.0.0.0/0", "::/0"))
_SECONDS = 15.0
_languages: FadingCache[str, dict[str, list[str]]] = FadingCache(most=4, seconds=3600)


class Translator:
    """The service of `translation_url`. It may be in the private network: the operator chose it, nobody else can."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.translation_url
        self._key = settings.translation_key
        self.provider = urlsplit(self._url).hostname or ""

    @property
    def enabled(self) -> bool:
        """Whether there is a service."""
        return bool(self._url)

    def _client(self) -> SafeClient:
        return SafeClient(AddressPolicy(_ANYWHERE), user_agent=f"Potluck/{__version__}", limits=Limits(total=_SECONDS))

    async def languages(self) -> dict[str, list[str]]:
        """Source language -> languages it can be translated into; `und` where the service finds out itself.

        Raises:
            FetchError: the service gives no proper answer.
        """
        found = _languages.get(self._url)
        if found is None:
            async with self._client() as client:
                answer = await client.get(f"{self._url}/languages", accept="application/json", max_bytes=1024 * 1024)
            answer.raise_for_status()
            found = _targets(answer.url, answer.body)
            _languages.put(self._url, found)
        return found

    async def translate(self, texts: Sequence[str], source: str | None, target: str) -> tuple[list[str], str]:
        """Texts (HTML) in another language, and the language they were taken to be in.

        Raises:
            FetchError: the service gives no proper answer.
        """
        cut = [text[:MAX_CHARACTERS] for text in texts]
        asked = {"q": cut, "source": (source or "auto").partition("-")[0], "target": target.partition("-")[0],
                 "format": "html", **({"api_key": self._key} if self._key else {})}
        async with self._client() as client:
            answer = await client.post(f"{self._url}/translate", json.dumps(asked).encode(),
                                       {"Content-Type": "application/json", "Accept": "application/json"})
        answer.raise_for_status()
        return _translated(answer.url, answer.body, len(texts), source)


def _decoded(url: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer(url, "no JSON") from error


def _targets(url: str, body: bytes) -> dict[str, list[str]]:
    document = _decoded(url, body)
    if not isinstance(document, list):
        raise InvalidAnswer(url, "no list of languages")
    rows = [row for row in document[:500] if isinstance(row, dict) and isinstance(row.get("code"), str)]
    codes = [row["code"] for row in rows]
    found: dict[str, list[str]] = {"und": codes}
    for row in rows:
        targets = row["targets"] if isinstance(row.get("targets"), list) else codes
        found[row["code"]] = [code for code in targets if isinstance(code, str) and code != row["code"]]
    return found


def _translated(url: str, body: bytes, count: int, source: str | None) -> tuple[list[str], str]:
    document = _decoded(url, body)
    texts = document.get("translatedText") if isinstance(document, dict) else None
    if not isinstance(texts, list) or len(texts) != count or not all(isinstance(text, str) for text in texts):
        raise InvalidAnswer(url, "not as many translations as texts")
    detected = document.get("detectedLanguage")
    first = detected[0] if isinstance(detected, list) and detected else detected
    language = first.get("language") if isinstance(first, dict) else None
    return texts, language if isinstance(language, str) else source or "und"
