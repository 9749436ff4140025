"""Every setting of Potluck: its name, meaning, default and check, read from the environment or `potluck.toml`.

The record below is the only place a setting is declared; the command line, the validation and
`docs/operators/configuration.md` are made from it. An environment variable is the upper-case name behind
`POTLUCK_`; the value of any of them may come from a file named by the same variable with `_FILE` behind it,
so that secrets need not stand in the environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from potluck.setting_values import Network
from potluck.setting_values import base_url as _base_url
from potluck.setting_values import bind as _bind
from potluck.setting_values import database_url as _database_url
from potluck.setting_values import domain as _domain
from potluck.setting_values import email as _email
from potluck.setting_values import endpoint as _endpoint
from potluck.setting_values import flag as _flag
from potluck.setting_values import key_prefix as _key_prefix
from potluck.setting_values import language as _language
from potluck.setting_values import networks as _networks
from potluck.setting_values import one_of as _one_of
from potluck.setting_values import path as _path
from potluck.setting_values import prefix_url as _prefix_url
from potluck.setting_values import resolutions as _resolutions
from potluck.setting_values import size as _size
from potluck.setting_values import text as _text
from potluck.setting_values import web_address as _web_address
from potluck.setting_values import whole as _whole


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names the key, the value and what is expected."""


def _setting(default: Any, parse: Callable[[str], Any], doc: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "doc": doc, "secret": secret})


@lru_cache(maxsize=4)
def _netloc(url: str) -> str:
    return urlsplit(url).netloc


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, typed and checked. Build one with `load`, or `Settings(url=…)` in tests."""

    url: str = _setting("http://127.0.0.1:8000", _base_url,
                        "Public base URL of the server. Part of every id: it cannot change after the first post.")
    handle_domain: str = _setting("", _domain,
                                  "Domain of handles (`@name@domain`) when it differs from the host of `url`; that"
                                  " domain must redirect `/.well-known/webfinger` and `host-meta` here.")
    lemmy_host: str = _setting("", _domain, "A second host name (`lemmy.example.org`) under which this server tells"
                               " apps that it is Lemmy: some take no other. Accounts, ids and data are the same; point"
                               " the name at this server, too.")
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
    source_url: str = _setting(
        "", _web_address, "Where people find the source code of this server as it runs here, your changes included"
        " (AGPL, section 13). Linked from every page and told by the APIs; when empty they point to `/about`.")
    sign_up: str = _setting("closed", _one_of("open", "approval", "invite", "closed"), "Who may create an account.")
    confirm_email: bool = _setting(True, _flag, "New accounts must confirm their e-mail address before posting.")
    check_mail_domains: bool = _setting(True, _flag, "When somebody signs up and there is a mail server, ask the name"
                                        " servers whether mail for their address can be delivered, and refuse mail"
                                        " hosts that are blocked.")
    language: str = _setting("en", _language, "Default language of pages and posts (BCP 47).")
    max_characters: int = _setting(5000, _whole(100, 100_000), "Longest post, in characters as Mastodon counts them.")
    trends_need_review: bool = _setting(False, _flag, "Hashtags, links and posts trend only after a moderator has let"
                                        " them.")
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
    preload: bool = _setting(True, _flag, "Start web and engine as forks of one process that has loaded the program,"
                             " which saves memory and time (Linux, one web process).")
    delivery_concurrency: int = _setting(200, _whole(1, 5000), "Deliveries in flight at once in an engine process.")
    inbox_batch: int = _setting(100, _whole(1, 1000), "Inbox items processed in one transaction at the most.")
    transcoding_jobs: int = _setting(2, _whole(1, 1000), "Sounds and videos processed at once by all engines together.")
    transcoding_jobs_per_engine: int = _setting(1, _whole(1, 64), "Sounds and videos processed at once by one engine.")
    image_jobs_per_engine: int = _setting(2, _whole(1, 64), "Pictures processed at once by one engine.")
    transcoding_threads: int = _setting(2, _whole(1, 64), "Processor threads of one run of ffmpeg.")
    transcoding_preset: str = _setting(
        "veryfast", _one_of("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"),
        "Speed of the video encoder: slower ones make smaller files.")
    video_resolutions: tuple[int, ...] = _setting(
        (360, 720, 1080), _resolutions, "Comma-separated resolutions (shorter side in lines) videos are offered in;"
        " none above that of the video. The largest is the most a video is shown in. Empty: no HLS, and at most 1080"
        " lines.")
    renditions_from_seconds: int = _setting(20, _whole(0, 86_400), "Videos shorter than this are offered as they"
                                            " are, without further resolutions.")
    log_format: str = _setting("text", _one_of("text", "json"), "Form of log lines.")
    log_level: str = _setting("info", _one_of("debug", "info", "warning", "error"), "Least severe line logged.")
    metrics_token: str = _setting("", _text, "Bearer token for `/metrics`; when empty it answers loopback only.",
                                  secret=True)
    rate_limits: bool = _setting(True, _flag, "Limit how often one person or address may ask; off only for measuring.")
    account_calls: int = _setting(300, _whole(10, 1_000_000), "Calls that one account, or one address without account,"
                                  " may make of the APIs in five minutes.")
    posts_in_three_hours: int = _setting(300, _whole(0, 1_000_000), "Posts and boosts that one account may make in"
                                         " three hours; 0 for no limit.")
    follows_a_day: int = _setting(400, _whole(0, 1_000_000), "People that one account may follow in a day; lists that"
                                  " are imported do not count. 0 for no limit.")
    reports_a_day: int = _setting(400, _whole(0, 1_000_000), "Reports that one account may make in a day; 0 for no"
                                  " limit.")
    server_activities: int = _setting(12_000, _whole(60, 10_000_000), "Activities that one other server may send in a"
                                      " minute; what is beyond is told to come again later.")
    extra_ca: str = _setting("", _text, "File with further certificate authorities (PEM) that outgoing connections"
                             " trust: private networks, tests.")
    image_megapixels: int = _setting(100, _whole(1, 500), "Largest picture that is taken, in millions of pixels; for an"
                                     " animation, all frames together. Memory for processing one grows with it.")
    image_side: int = _setting(8192, _whole(640, 16_383), "Longest side, in pixels, of the pictures that are kept;"
                               " larger ones are made smaller.")
    image_frames: int = _setting(300, _whole(1, 10_000), "Animated pictures with more frames than this do not stay"
                                 " pictures: they are shown as video.")
    memfd_noexec: int = _setting(1, _whole(0, 2), "Whether the memory in which untrusted files are handed to decoders"
                                 " may be executable: 0 it may, 1 not where the kernel can (Linux 6.3), 2 never:"
                                 " without such a kernel files are not processed.")
    translation_url: str = _setting("", _prefix_url, "Address of a LibreTranslate service that translates posts for"
                                    " those who ask; empty: none.")
    translation_key: str = _setting("", _text, "API key of the translation service, if it wants one.", secret=True)
    legacy_passwords: bool = _setting(False, _flag, "Let apps that know no browser sign-in use the account password"
                                      " (not only app passwords).")

    media_storage: str = _setting(
        "local", _one_of("local", "s3"), "Where new files are kept: `local` (the folder `media` in `data`) or `s3`"
        " (the bucket named by `s3_bucket`). Files that are there already stay until `potluck media migrate`.")
    media_url: str = _setting(
        "", _prefix_url, "Public base URL from which people's browsers read our files, such as a CDN in front of the"
        " bucket or of `/media` here; empty: from this server.")
    media_sendfile: str = _setting(
        "off", _one_of("off", "x-accel-redirect", "x-sendfile"), "Leave the sending of local files to the web server"
        " in front: `x-accel-redirect` (nginx, from the internal location `/protected-media/`) or `x-sendfile`"
        " (Apache, lighttpd, Caddy; the file's path).")
    s3_bucket: str = _setting("", _text, "Name of the S3-compatible bucket; with it files in the bucket can be read"
                              " even while `media_storage` is `local`.")
    s3_endpoint: str = _setting("", _endpoint, "URL of the S3-compatible service; empty for Amazon's.")
    s3_region: str = _setting("us-east-1", _text, "Region of the bucket.")
    s3_access_key: str = _setting("", _text, "Access key of the bucket.", secret=True)
    s3_secret_key: str = _setting("", _text, "Secret key of the bucket.", secret=True)
    s3_path_style: bool = _setting(True, _flag, "Address the bucket by path (`endpoint/bucket`) rather than by host"
                                   " (`bucket.endpoint`).")
    remote_media: str = _setting(
        "cache", _one_of("cache", "link"), "How files of other servers are shown: `cache` fetches, checks and keeps"
        " them here, so that other servers do not learn who reads what; `link` sends browsers there.")
    remote_media_budget: int = _setting(10 << 30, _size, "Most room for files of other servers. Those that were not"
                                        " looked at for longest go first; they are fetched again when wanted.")
    remote_file_limit: int = _setting(64 << 20, _size, "Largest file of another server that is kept. Longer sound and"
                                      " video is passed through.")
    database_budget: int = _setting(20 << 30, _size, "Most room for the database. When it is used up, old posts of"
                                    " other servers that nobody here had to do with are forgotten.")
    remote_posts_days: int = _setting(60, _whole(7, 3650), "Posts of other servers are never forgotten before so many"
                                      " days.")
    quota: int = _setting(10 << 30, _size, "Files of one person, with all that is made of them; an administrator"
                          " can give one person more or less. 0 for no limit, as with every size.")
    quota_staff: int = _setting(0, _size, "The same for moderators and administrators.")
    image_limit: int = _setting(32 << 20, _size, "Largest picture that may be uploaded.")
    audio_limit: int = _setting(512 << 20, _size, "Largest sound file that may be uploaded.")
    video_limit: int = _setting(8 << 30, _size, "Largest video that may be uploaded.")
    file_limit: int = _setting(100 << 20, _size, "Largest file of any other kind that may be uploaded.")
    upload_hours: int = _setting(24, _whole(1, 720), "An upload that was broken off can be gone on with for so long.")
    s3_prefix: str = _setting("", _key_prefix, "Folder within the bucket; empty for the whole bucket.")

    @property
    def host(self) -> str:
        """Host (with a non-default port) of the public base URL."""
        return _netloc(self.url)

    @property
    def lemmy_url(self) -> str:
        """Base URL of the host that answers as Lemmy, '' without one."""
        return f"{urlsplit(self.url).scheme}://{self.lemmy_host}" if self.lemmy_host else ""

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


SECRET_FILE = "secret"  # noqa: S105 - a file name


def with_secret(settings: Settings) -> Settings:
    """The settings with a secret: that of `data/secret`, made at the first start, unless one is configured.

    Raises:
        SettingsError: the file is empty.
        OSError: it cannot be read or written.
    """
    if settings.secret:
        return settings
    path = settings.data / SECRET_FILE
    settings.data.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = settings.data / f".{SECRET_FILE}-{os.getpid()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, secrets.token_hex(32).encode())
        os.fsync(handle)
        os.close(handle)
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(fresh, path)
        fresh.unlink()
    found = path.read_text(encoding="ascii").strip()
    if not found:
        raise SettingsError(f"{path}: the file is empty; remove it to have a new secret made")
    return replace(settings, secret=found)


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
