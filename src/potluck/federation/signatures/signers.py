"""Threads that make RSA signatures, so that the event loop is free meanwhile.

What is to be signed in one turn of the loop goes to the threads together: handing each over by itself makes the
threads and the loop fight for the interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from asyncio import AbstractEventLoop, Future
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_THREADS = min(4, os.cpu_count() or 1)
_AT_ONCE = 8
_PKCS1 = padding.PKCS1v15()
_SHA256 = hashes.SHA256()

_Wish = tuple[RSAPrivateKey, bytes, "Future[bytes]"]
_waiting: WeakKeyDictionary[AbstractEventLoop, list[_Wish]] = WeakKeyDictionary()


async def sign_rsa(key: RSAPrivateKey, data: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    loop = asyncio.get_running_loop()
    signed: Future[bytes] = loop.create_future()
    waiting = _waiting.setdefault(loop, [])
    waiting.append((key, data, signed))
    if len(waiting) == 1:
        loop.call_soon(_hand_over, loop)
    return await signed


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="sign")


def _hand_over(loop: AbstractEventLoop) -> None:
    wishes = _waiting.pop(loop)
    share = min(_AT_ONCE, -(-len(wishes) // _THREADS))
    for start in range(0, len(wishes), share):
        _threads().submit(_sign, loop, wishes[start:start + share])


def _sign(loop: AbstractEventLoop, wishes: Sequence[_Wish]) -> None:
    made: list[bytes | Exception] = []
    for key, data, _ in wishes:
        try:
            made.append(key.sign(data, _PKCS1, _SHA256))
        except Exception as error:  # noqa: BLE001 - it is raised where the signature is waited for
            made.append(error)
    with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
        loop.call_soon_threadsafe(_tell, wishes, made)


def _tell(wishes: Sequence[_Wish], made: Sequence[bytes | Exception]) -> None:
    for (_, _, signed), value in zip(wishes, made, strict=True):
        if signed.done():
            continue
        if isinstance(value, Exception):
            signed.set_exception(value)
        else:
            signed.set_result(value)
