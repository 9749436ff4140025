"""Every setting of Potluck: its name, meaning, default and check, read from the environment or `potluck.toml`.

The record below is the only place a setting is declared; the command line, the validation and
`docs/operators/configuration.md` are made from it. An environment variable is the upper-case name behind
`POTLUCK_`; the value of any of them may come from a file named by the same variable with `_FILE` behind it,
so that secrets need not stand in the environment.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names the key, the value and what is expected."""


def _text(raw: str) -> str:
    if any((character < " " and character not in "\n\r\t") or character == "\x7f" for character in raw):
        raise ValueError("expected text without control characters")
    return raw.strip()


_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def _domain(raw: str) -> str:
    if raw.strip() and not _HOST.fullmatch(raw.strip().lower()):
        raise ValueError("expected a domain such as example.org")
    return raw.strip().lower()


def _language(raw: str) -> str:
    if not _LANGUAGE.fullmatch(raw.strip()):
        raise ValueError("expected a language tag such as en or pt-BR")
    return raw.strip()


def _email(raw: str) -> str:
    name, at, host = _text(raw).rpartition("@")
    if (raw.strip() and not (name and at and host)) or any(map(str.isspace, raw.strip())):
        raise ValueError("expected an e-mail address")
    return raw.strip()


def _database_url(raw: str) -> str:
    if not raw.strip():
        return ""
    parts = urlsplit(raw.strip())
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("expected postgresql://user:password@host/name, or nothing for SQLite")
    return raw.strip()


def _flag(raw: str) -> bool:
    word = raw.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("expected true or false")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", raw.strip()) or not low <= int(raw) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(raw)

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw.strip().lower() not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return raw.strip().lower()

    return parse


def _base_url(raw: str) -> str:
    parts = urlsplit(raw.strip())
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc.rpartition("@")[2].lower()):
        raise ValueError("expected a URL such as https://social.example.org")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise ValueError("expected scheme and host only, without path or user name")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _bind(raw: str) -> str:
    host, _, port = raw.strip().rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError("expected HOST:PORT such as 127.0.0.1:8000")
    return raw.strip()


def _path(raw: str) -> Path:
    return Path(raw.strip()).expanduser()


def _networks(raw: str) -> tuple[Network, ...]:
    return tuple(ip_network(part.strip()) for part in raw.split(",") if part.strip())


def _setting(default: Any, parse: Callable[[str], Any], doc: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "doc": doc, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, typed and checked. Build one with `load`, or `Settings(url=…)` in tests."""

    url: str = _setting("http://127.0.0.1:8000", _base_url,
                        "Public base URL of the server. Part of every id: it cannot change after the first post.")
    handle_domain: str = _setting("", _domain,
                                  "Domain of handles (`@name@domain`) when it differs from the host of `url`; that"
                                  " domain must redirect `/.well-known/webfinger` and `host-meta` here.")
    bind: str = _setting("127.0.0.1:8000", _bind, "Address and port the web process listens on.")
    data: Path = _setting(Path("data"), _path, "Folder for the SQLite database, media, backups and secrets.")  # noqa: RUF009
    database_url: str = _setting("", _database_url,
                                 "`postgresql://user:password@host/name`; empty for SQLite in `data`.", secret=True)
    allow_private: tuple[Network, ...] = _setting(
        (), _networks, "Comma-separated address ranges that fetching and delivery may reach although they are private"
        " (tests, private networks). With it, plain http peers are allowed.")
    title: str = _setting("Potluck", _text, "Name of this server as people see it.")
    description: str = _setting("", _text, "One or two sentences about this server.")
    contact_email: str = _setting("", _email, "Address shown to people and other administrators.")
    sign_up: str = _setting("closed", _one_of("open", "approval", "invite", "closed"), "Who may create an account.")
    confirm_email: bool = _setting(True, _flag, "New accounts must confirm their e-mail address before posting.")
    language: str = _setting("en", _language, "Default language of pages and posts (BCP 47).")
    max_characters: int = _setting(5000, _whole(100, 100_000), "Longest post, in characters as Mastodon counts them.")
    secure_mode: bool = _setting(False, _flag, "Answer ActivityPub requests only when they are signed"
                                 " (authorized fetch).")
    limited_federation: bool = _setting(False, _flag, "Federate only with servers an administrator has allowed.")
    public_timelines: str = _setting("public", _one_of("public", "members"), "Who may read the local and fediverse"
                                     " timelines.")
    secret: str = _setting("", _text, "Key for signing cookies; made and kept in `data/secret` when empty.",
                           secret=True)
    smtp_host: str = _setting("", _text, "Mail server; when empty, mail is written to the log instead.")
    smtp_port: int = _setting(587, _whole(1, 65535), "Port of the mail server.")
    smtp_user: str = _setting("", _text, "User name at the mail server.")
    smtp_password: str = _setting("", _text, "Password at the mail server.", secret=True)
    smtp_security: str = _setting("starttls", _one_of("starttls", "tls", "none"), "How the mail connection is secured.")
    smtp_from: str = _setting("", _text, "Sender of mail; `Potluck <no-reply@HOST>` when empty.")
    trusted_proxies: tuple[Network, ...] = _setting(
        (ip_network("127.0.0.0/8"), ip_network("::1/128")), _networks,
        "Address ranges of reverse proxies whose X-Forwarded-For is believed.")
    web_workers: int = _setting(1, _whole(1, 64), "Web processes that `potluck serve` and `potluck web` start.")
    engine_workers: int = _setting(1, _whole(1, 64), "Engine processes that `potluck serve` starts (PostgreSQL only"
                                   " for more than one).")
    delivery_concurrency: int = _setting(200, _whole(1, 5000), "Deliveries in flight at once in an engine process.")
    inbox_batch: int = _setting(100, _whole(1, 1000), "Inbox items processed in one transaction at the most.")
    log_format: str = _setting("text", _one_of("text", "json"), "Form of log lines.")
    log_level: str = _setting("info", _one_of("debug", "info", "warning", "error"), "Least severe line logged.")
    metrics_token: str = _setting("", _text, "Bearer token for `/metrics`; when empty it answers loopback only.",
                                  secret=True)
    rate_limits: bool = _setting(True, _flag, "Limit how often one person or address may ask; off only for measuring.")
    extra_ca: str = _setting("", _text, "File with further certificate authorities (PEM) that outgoing connections"
                             " trust: private networks, tests.")
    legacy_passwords: bool = _setting(False, _flag, "Let apps that know no browser sign-in use the account password"
                                      " (not only app passwords).")

    @property
    def host(self) -> str:
        """Host (with a non-default port) of the public base URL."""
        return urlsplit(self.url).netloc

    @property
    def domain(self) -> str:
        """Domain of local handles."""
        return self.handle_domain or self.host

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the SQLite file in `data`."""
        return not self.database_url

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are marked Secure: everywhere except on plain-http development addresses."""
        return self.url.startswith("https://")


def load(environ: Mapping[str, str] | None = None, toml_path: Path | None = None) -> Settings:
    """Read the settings: `potluck.toml` (or `POTLUCK_CONFIG`) first, the environment over it.

    Raises:
        SettingsError: a key is unknown or a value cannot be used.
    """
    environ = os.environ if environ is None else environ
    path = toml_path or Path(environ.get("POTLUCK_CONFIG", "potluck.toml"))
    if "POTLUCK_CONFIG" in environ and not path.exists():
        raise SettingsError(f"POTLUCK_CONFIG: there is no file {path}")
    values = _from_toml(path)
    for item in fields(Settings):
        raw = _from_environment(environ, item.name)
        if raw is not None:
            values[item.name] = _parse(item, raw, f"POTLUCK_{item.name.upper()}")
    return Settings(**{**_from_toml(values.get("data", Path("data")) / SITE_FILE), **values})


SITE_FILE = "site.toml"
"""What the first-run wizard was told, in `data`; the environment and `potluck.toml` count more."""

SITE_SETTINGS = ("title", "description", "sign_up")


def save_site(settings: Settings, values: Mapping[str, str]) -> Settings:
    """Keep what the wizard was told (keys of `SITE_SETTINGS`) and use it from now on in this process.

    Raises:
        SettingsError: a value cannot be used.
        OSError: the file cannot be written.
    """
    known = {item.name: item for item in fields(Settings)}
    parsed = {name: _parse(known[name], values[name], name) for name in SITE_SETTINGS if name in values}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in parsed.items()]
    (settings.data / SITE_FILE).write_text("".join(lines), encoding="utf-8")
    return use(replace(settings, **parsed))


def _from_environment(environ: Mapping[str, str], name: str) -> str | None:
    key = f"POTLUCK_{name.upper()}"
    if key in environ:
        return environ[key]
    file = environ.get(f"{key}_FILE")
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{key}_FILE: cannot read {file}: {error}") from error


def _from_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from error
    known = {item.name: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise SettingsError(f"{path}: unknown setting {key!r}")
        if isinstance(value, dict):
            raise SettingsError(f"{path}: {key}: a table cannot be used as a setting")
        raw = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        values[key] = _parse(known[key], raw, f"{path}: {key}")
    return values


def _parse(item: Field[Any], raw: str, where: str) -> Any:
    parse = cast("Callable[[str], Any]", item.metadata["parse"])
    try:
        return parse(raw)
    except ValueError as error:
        shown = "(hidden)" if item.metadata["secret"] else repr(raw)
        raise SettingsError(f"{where}: {shown} cannot be used: {error}") from error


_current: Settings | None = None


def current() -> Settings:
    """The settings of this process, loaded at first use."""
    global _current  # noqa: PLW0603 - one per process, on purpose
    if _current is None:
        _current = load()
    return _current


def use(settings: Settings) -> Settings:
    """Make `settings` those of this process (tests, and commands that change one)."""
    global _current  # noqa: PLW0603
    _current = settings
    return settings
