"""Sending signed requests, and knocking a second time where the first signature was not understood."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol

from potluck.federation.fetch import Response, SafeClient
from potluck.federation.signatures import cavage, ladder, rfc9421
from potluck.federation.signatures.keys import SigningKey
from potluck.federation.signatures.ladder import FORGET, Memory
from potluck.federation.signatures.request import Scheme
from potluck.federation.urls import origin_of
from potluck.federation.vocabulary import AS_JSON


class SchemeMemory(Protocol):
    """What is remembered of origins' signature schemes."""

    def recall(self, origin: str) -> Memory | None:
        """What is remembered of an origin."""

    def learn(self, origin: str, memory: Memory | None) -> None:
        """Remember, or forget with None."""


class LocalMemory:
    """A bounded memory of this process."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._known: OrderedDict[str, Memory] = OrderedDict()

    def recall(self, origin: str) -> Memory | None:
        """What is remembered of an origin."""
        return self._known.get(origin)

    def learn(self, origin: str, memory: Memory | None) -> None:
        """Remember, or forget with None."""
        self._known.pop(origin, None)
        if memory is not None:
            self._known[origin] = memory
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


async def sign_request(
    scheme: Scheme,
    method: str,
    url: str,
    key: SigningKey,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request signed by a scheme; see `cavage.sign` and `rfc9421.sign`."""
    if scheme is Scheme.RFC9421:
        return await rfc9421.sign(method, url, key, body=body, headers=headers)
    return await cavage.sign(
        method, url, key, body=body, headers=headers, with_query=scheme is not Scheme.CAVAGE_NO_QUERY
    )


class Signer:
    """Signs requests in the name of one actor.

    Args:
        key: the actor's key.
        memory: what is remembered of origins, shared by all signers of the process.
    """

    def __init__(self, key: SigningKey, memory: SchemeMemory) -> None:
        self.key = key
        self._memory = memory

    async def get(
        self, client: SafeClient, url: str, *, accept: str, max_bytes: int, empty_digest: bool = False
    ) -> Response:
        """A signed GET, climbing the ladder on 401; arguments, result and errors as `SafeClient.get`.

        Args:
            empty_digest: cover a digest of the empty body, which Lemmy demands for private communities.
        """
        body = b"" if empty_digest else None
        climb = self._start("GET", url)
        while True:
            scheme = climb.scheme

            async def sign(method: str, target: str, scheme: Scheme = scheme) -> Mapping[str, str]:
                return await sign_request(scheme, method, target, self.key, body=body)

            response = await client.get(url, accept=accept, max_bytes=max_bytes, sign=sign)
            higher = climb.after(response.status)
            if higher is None:
                self._finish(url, climb, response)
                return response
            climb = higher

    async def post(
        self, client: SafeClient, url: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A signed POST of an activity, byte-identical in every attempt (receivers dedupe by its id).

        Args:
            url: the inbox.
            body: the activity.
            headers: further headers to send and to sign, for example Collection-Synchronization.

        Returns, Raises:
            As `SafeClient.post`.
        """
        climb = self._start("POST", url)
        while True:
            sent = await sign_request(climb.scheme, "POST", url, self.key, body=body, headers=headers)
            response = await client.post(url, body, {"Content-Type": AS_JSON, **sent})
            higher = climb.after(response.status)
            if higher is None:
                self._finish(url, climb, response)
                return response
            climb = higher

    def _start(self, method: str, url: str) -> ladder.Ladder:
        return ladder.start(method, "?" in url, self._memory.recall(origin_of(url)), time.time())

    def _finish(self, url: str, climb: ladder.Ladder, response: Response) -> None:
        origin = origin_of(url)
        if origin_of(response.url) != origin:
            return  # a redirect led elsewhere: the answer says nothing about this origin
        lesson = climb.lesson(response.status, time.time())
        if lesson is not None:
            self._memory.learn(origin, None if lesson is FORGET else lesson)
