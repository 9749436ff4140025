"""Passkeys, with an authenticator in software: right ones get in, everything else does not."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from webauthn.helpers import encode_cbor

from potluck.db.base import now
from potluck.social.accounts import passkeys
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import Passkey, User

ORIGIN = "https://potluck.test"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Device:
    """Makes a passkey and signs with it, as a phone does."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = b"credential-0123456789"
        self.handle = b""

    def _client(self, kind: str, challenge: bytes, origin: str) -> bytes:
        return json.dumps({"type": f"webauthn.{kind}", "challenge": b64(challenge), "origin": origin}).encode()

    def _data(self, flags: int, count: int = 0) -> bytes:
        return hashlib.sha256(b"potluck.test").digest() + bytes([flags]) + struct.pack(">I", count)

    def register(self, options: str, challenge: bytes, *, flags: int = PRESENT | VERIFIED, origin: str = ORIGIN) -> str:
        self.handle = base64.urlsafe_b64decode(json.loads(options)["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self._data(flags | ATTESTED) + bytes(16) + struct.pack(">H", len(self.credential_id)) \
            + self.credential_id + cose
        return json.dumps({
            "id": b64(self.credential_id), "rawId": b64(self.credential_id), "type": "public-key", "response": {
                "clientDataJSON": b64(self._client("create", challenge, origin)),
                "attestationObject": b64(encode_cbor({"fmt": "none", "attStmt": {}, "authData": data}))}})

    def sign_in(self, challenge: bytes, *, flags: int = PRESENT | VERIFIED, origin: str = ORIGIN,
                count: int = 0) -> str:
        client, data = self._client("get", challenge, origin), self._data(flags, count)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return json.dumps({
            "id": b64(self.credential_id), "rawId": b64(self.credential_id), "type": "public-key", "response": {
                "clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature),
                "userHandle": b64(self.handle)}})


@pytest.fixture
async def user(cast) -> User:
    async with cast.database.read() as session:
        return await session.scalar(select(User).where(User.actor_id == cast.alice.id))


async def add(cast, user: User, device: Device, **wrong: object) -> Passkey:
    async with cast.database.write() as session:
        options, challenge = await passkeys.begin_registration(session, user)
        answer = device.register(options, challenge, **wrong)
        return await passkeys.finish_registration(session, user, answer, challenge, " My  phone ")


async def enter(cast, answer: str, challenge: bytes) -> User:
    async with cast.database.write() as session:
        return await passkeys.finish_sign_in(session, answer, challenge)


async def test_a_passkey_signs_in(cast, user) -> None:
    """The device says who it is; no name is asked for."""
    device = Device()
    row = await add(cast, user, device)
    assert (row.name, row.user_id) == ("My phone", user.id)
    options, challenge = passkeys.begin_sign_in()
    assert json.loads(options)["userVerification"] == "required"
    assert (await enter(cast, device.sign_in(challenge), challenge)).id == user.id


async def test_an_answer_works_once(cast, user) -> None:
    """Whoever overhears it has nothing, also where the device counts no signatures."""
    device = Device()
    await add(cast, user, device)
    _, challenge = passkeys.begin_sign_in()
    answer = device.sign_in(challenge)
    await enter(cast, answer, challenge)
    with pytest.raises(Invalid):
        await enter(cast, answer, challenge)


@pytest.mark.parametrize("wrong", [{"flags": PRESENT}, {"origin": "https://evil.test"}])
async def test_the_owner_must_be_verified_on_our_own_site(cast, user, wrong) -> None:
    """A touch alone is not enough, and another site's answer is none, at either ceremony."""
    device = Device()
    with pytest.raises(Invalid):
        await add(cast, user, device, **wrong)
    await add(cast, user, device)
    _, challenge = passkeys.begin_sign_in()
    with pytest.raises(Invalid):
        await enter(cast, device.sign_in(challenge, **wrong), challenge)


async def test_other_answers_are_refused(cast, user, monkeypatch) -> None:
    """Another challenge, another key, an unknown passkey, nonsense, too late, a disabled login."""
    device, stranger = Device(), Device()
    await add(cast, user, device)
    _, challenge = passkeys.begin_sign_in()
    _, other = passkeys.begin_sign_in()
    unknown = Device()
    unknown.credential_id = b"never seen"
    for answer in (device.sign_in(other), stranger.sign_in(challenge), unknown.sign_in(challenge), "{}", "[", "null"):
        with pytest.raises(Invalid):
            await enter(cast, answer, challenge)
    with pytest.raises(Invalid):
        await enter(cast, device.sign_in(b"own challenge"), b"own challenge")
    answer, later = device.sign_in(challenge), time.time() + 301
    with monkeypatch.context() as patched:
        patched.setattr(passkeys.time, "time", lambda: later)
        with pytest.raises(Invalid):
            await enter(cast, answer, challenge)
    await cast.change(user, disabled_at=now())
    with pytest.raises(Invalid):
        await enter(cast, answer, challenge)


async def test_a_cloned_device_shows_itself(cast, user) -> None:
    """Where it counts signatures, the count must rise."""
    device = Device()
    await add(cast, user, device)
    for count, right in ((5, True), (5, False), (6, True)):
        _, challenge = passkeys.begin_sign_in()
        answer = device.sign_in(challenge, count=count)
        if right:
            await enter(cast, answer, challenge)
        else:
            with pytest.raises(Invalid):
                await enter(cast, answer, challenge)


async def test_a_passkey_is_known_once_and_removed_by_its_owner(cast, user) -> None:
    """Nobody else's list shows it."""
    device = Device()
    row = await add(cast, user, device)
    with pytest.raises(Invalid):
        await add(cast, user, device)
    async with cast.database.write() as session:
        with pytest.raises(NotFound):
            await passkeys.remove(session, user.id + 1, row.id)
        await passkeys.remove(session, user.id, row.id)
        assert list(await passkeys.all_of(session, user.id)) == []
