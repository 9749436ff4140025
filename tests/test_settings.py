"""Settings: each can be set from outside, secrets stay hidden, nonsense is refused by name and value."""

from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from potluck import settings
from potluck.setting_values import written_size
from potluck.settings import Settings, SettingsError, load

NETWORKS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))

OUTSIDE: dict[str, tuple[str, object]] = {
    "url": ("https://Social.Example.org/", "https://social.example.org"),
    "handle_domain": ("Example.org", "example.org"),
    "bind": ("0.0.0.0:80", "0.0.0.0:80"),
    "preload": ("off", False),
    "account_calls": ("600", 600),
    "server_activities": ("900", 900),
    "data": ("/var/lib/potluck", Path("/var/lib/potluck")),
    "lemmy_host": ("Lemmy.example.org", "lemmy.example.org"),
    "check_mail_domains": ("off", False),
    "trends_need_review": ("on", True),
    "posts_in_three_hours": ("50", 50),
    "follows_a_day": ("0", 0),
    "reports_a_day": ("20", 20),
    "database_url": ("postgresql://user:pw@db/potluck", "postgresql://user:pw@db/potluck"),
    "allow_private": ("10.0.0.0/8, fd00::/8", NETWORKS),
    "title": (" The Kitchen ", "The Kitchen"),
    "description": ("Two\nlines", "Two\nlines"),
    "contact_email": ("cook@example.org", "cook@example.org"),
    "source_url": ("https://code.example.org/kitchen?tab=files", "https://code.example.org/kitchen?tab=files"),
    "sign_up": ("Approval", "approval"),
    "confirm_email": ("no", False),
    "language": ("pt-BR", "pt-BR"),
    "max_characters": ("500", 500),
    "secure_mode": ("yes", True),
    "limited_federation": ("1", True),
    "public_timelines": ("members", "members"),
    "secret": ("s3cr3t", "s3cr3t"),
    "smtp_host": ("mail.example.org", "mail.example.org"),
    "smtp_port": ("25", 25),
    "smtp_user": ("cook", "cook"),
    "smtp_password": ("hunter2", "hunter2"),
    "smtp_security": ("tls", "tls"),
    "smtp_from": ("Kitchen <no-reply@example.org>", "Kitchen <no-reply@example.org>"),
    "trusted_proxies": ("10.0.0.0/8,fd00::/8", NETWORKS),
    "web_workers": ("4", 4),
    "engine_workers": ("3", 3),
    "delivery_concurrency": ("50", 50),
    "inbox_batch": ("10", 10),
    "log_format": ("json", "json"),
    "log_level": ("debug", "debug"),
    "metrics_token": ("t0k3n", "t0k3n"),
    "rate_limits": ("off", False),
    "extra_ca": ("/etc/ca.pem", "/etc/ca.pem"),
    "legacy_passwords": ("true", True),
    "translation_url": ("https://translate.example.org/", "https://translate.example.org"),
    "translation_key": ("SKEY", "SKEY"),
    "media_storage": ("S3", "s3"),
    "media_url": ("https://CDN.example.org/media/", "https://cdn.example.org/media"),
    "media_sendfile": ("X-Accel-Redirect", "x-accel-redirect"),
    "s3_bucket": ("kitchen", "kitchen"),
    "s3_endpoint": ("https://s3.example.org/", "https://s3.example.org"),
    "s3_region": ("eu-west-1", "eu-west-1"),
    "s3_access_key": ("AKEY", "AKEY"),
    "s3_secret_key": ("SKEY", "SKEY"),
    "s3_path_style": ("no", False),
    "s3_prefix": ("/potluck/media/", "potluck/media"),
    "remote_media": ("Link", "link"),
    "remote_media_budget": ("1T", 1 << 40),
    "remote_file_limit": ("5M", 5 << 20),
    "database_budget": ("5G", 5 << 30),
    "remote_posts_days": ("90", 90),
    "quota": ("500M", 500 << 20),
    "quota_staff": ("2 TiB", 2 << 40),
    "image_limit": ("1000", 1000),
    "audio_limit": ("64KB", 64 << 10),
    "video_limit": ("1g", 1 << 30),
    "file_limit": ("0", 0),
    "upload_hours": ("48", 48),
    "image_megapixels": ("80", 80),
    "image_side": ("9000", 9000),
    "image_frames": ("50", 50),
    "transcoding_threads": ("4", 4),
    "transcoding_preset": ("Fast", "fast"),
    "video_resolutions": ("480, 720", (480, 720)),
    "renditions_from_seconds": ("5", 5),
    "memfd_noexec": ("2", 2),
    "transcoding_jobs": ("3", 3),
    "transcoding_jobs_per_engine": ("2", 2),
    "image_jobs_per_engine": ("5", 5),
}
"""Every setting once: what stands outside, and what it becomes."""

NONSENSE: dict[str, list[str]] = {
    "url": ["example.org", "ftp://example.org", "https://", "https://example.org/path", "https://user@example.org",
            "https://example.org?x", "https://exa mple.org", "https://example.org:port"],
    "handle_domain": ["https://example.org", "exa mple.org", "@example.org"],
    "bind": ["8000", "localhost", "localhost:http", "localhost:70000"],
    "database_url": ["mysql://db/potluck", "potluck", "postgresql://db"],
    "allow_private": ["10.0.0.0/99", "home"],
    "title": ["a\x00b", "a\x7fb"],
    "contact_email": ["cook", "cook@", "two people@example.org"],
    "source_url": ["code.example.org", "javascript:alert(1)", "https://", "https://code.example.org/a b",
                   "https://code.example.org:port/"],
    "sign_up": ["maybe", ""],
    "confirm_email": ["perhaps", "2"],
    "language": ["english please", "e", ""],
    "max_characters": ["many", "99", "1e4", "-500", "5_000", ""],
    "lemmy_host": ["https://lemmy.example.org", "lem my.example.org"],
    "posts_in_three_hours": ["-1", "few"],
    "smtp_port": ["0", "70000"],
    "smtp_security": ["ssl3"],
    "web_workers": ["0", "65"],
    "log_level": ["loud"],
    "secret": ["a\x1bb"],
    "media_storage": ["tape"],
    "media_url": ["cdn.example.org", "https://cdn.example.org/?x", "https://cdn.example.org/#x", "ftp://cdn.example.org"],
    "media_sendfile": ["yes"],
    "s3_endpoint": ["s3.example.org", "https://s3.example.org/bucket"],
    "s3_prefix": ["../up", "a//b", "a b"],
    "quota": ["much", "-1", "1.5G", "10X", "", "99999999T"],
}


def _environ(**values: str) -> dict[str, str]:
    return {f"POTLUCK_{name.upper()}": value for name, value in values.items()}


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """Where a settings file may be written."""
    return tmp_path / "potluck.toml"


def test_every_setting_is_tested() -> None:
    """A new setting needs a line in the table above."""
    assert set(OUTSIDE) == {item.name for item in fields(Settings)}


@pytest.mark.parametrize("name", OUTSIDE)
def test_from_the_environment(name: str, toml: Path) -> None:
    """Each setting comes from its own variable, and no other setting changes."""
    written, expected = OUTSIDE[name]
    loaded = load(_environ(**{name: written}), toml)
    for item in fields(Settings):
        assert getattr(loaded, item.name) == (expected if item.name == name else item.default), item.name


@pytest.mark.parametrize("name", OUTSIDE)
def test_from_the_file(name: str, toml: Path) -> None:
    """Each setting comes from `potluck.toml` as well."""
    written, expected = OUTSIDE[name]
    toml.write_text(f"{name} = '''{written}'''\n", encoding="utf-8")
    assert getattr(load({}, toml), name) == expected


@pytest.mark.parametrize("name", OUTSIDE)
def test_from_a_file_of_its_own(name: str, tmp_path: Path, toml: Path) -> None:
    """The value of each may stand in a file, so that secrets need not stand in the environment."""
    written, expected = OUTSIDE[name]
    (tmp_path / "value").write_text(f"{written}\n", encoding="utf-8")
    assert getattr(load({f"POTLUCK_{name.upper()}_FILE": str(tmp_path / "value")}, toml), name) == expected


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NONSENSE.items() for value in values])
def test_nonsense_is_refused(name: str, value: str, toml: Path) -> None:
    """A value that cannot be used is refused at the start, naming key, value (unless secret) and what is expected."""
    with pytest.raises(SettingsError) as caught:
        load(_environ(**{name: value}), toml)
    text = str(caught.value)
    assert text.startswith(f"POTLUCK_{name.upper()}: ")
    assert "cannot be used: " in text
    secret = next(item.metadata["secret"] for item in fields(Settings) if item.name == name)
    assert ("(hidden)" if secret else repr(value)) in text


def test_secrets_are_not_in_errors(toml: Path) -> None:
    """A secret that cannot be used is not repeated in the error, nor in its causes."""
    with pytest.raises(SettingsError) as caught:
        load(_environ(database_url="mysql://user:hunter2@db/x"), toml)
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error)
        error = error.__cause__


def test_the_environment_wins(toml: Path) -> None:
    """Over `potluck.toml`, which wins over what the wizard was told."""
    data = toml.parent
    (data / settings.SITE_FILE).write_text('title = "wizard"\ndescription = "wizard"\nsign_up = "open"\n')
    toml.write_text(f'title = "file"\ndescription = "file"\ndata = "{data}"\n', encoding="utf-8")
    loaded = load(_environ(title="environment"), toml)
    assert (loaded.title, loaded.description, loaded.sign_up) == ("environment", "file", "open")


def test_types_of_toml(toml: Path) -> None:
    """Numbers, booleans and lists may be written as such."""
    toml.write_text('smtp_port = 25\nsecure_mode = true\nallow_private = ["10.0.0.0/8", "fd00::/8"]\n')
    loaded = load({}, toml)
    assert (loaded.smtp_port, loaded.secure_mode, loaded.allow_private) == (25, True, NETWORKS)


@pytest.mark.parametrize(("content", "words"), [
    ("titel = 'x'\n", "unknown setting 'titel'"), ("title = \n", "cannot be read as TOML"),
    ("[title]\nx = 1\n", "title: a table cannot be used"), ("smtp_port = 2.5\n", "smtp_port: '2.5'"),
    ("\xff", "cannot be read as TOML"),
])
def test_a_bad_file(toml: Path, content: str, words: str) -> None:
    """A file that cannot be read, or names what does not exist, is refused by its name."""
    toml.write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsError, match=words) as caught:
        load({}, toml)
    assert str(toml) in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    """No `potluck.toml` is no error; a file that was named and is not there is one."""
    assert load({}, tmp_path / "none.toml") == Settings()
    with pytest.raises(SettingsError, match="POTLUCK_CONFIG"):
        load({"POTLUCK_CONFIG": str(tmp_path / "none.toml")})
    with pytest.raises(SettingsError, match="POTLUCK_SECRET_FILE"):
        load({"POTLUCK_SECRET_FILE": str(tmp_path / "none")}, tmp_path / "none.toml")


def test_what_the_wizard_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wizard's answers hold from then on and after a restart, whatever characters they have."""
    monkeypatch.setattr(settings, "_current", None)
    answers = {"title": 'Ann\'s "Kitchen" \\ 🍲', "description": "one\ntwo", "sign_up": "open", "secret": "no"}
    now = settings.save_site(Settings(data=tmp_path), answers)
    again = load(_environ(data=str(tmp_path)), tmp_path / "none.toml")
    for loaded in (now, again, settings.current()):
        assert (loaded.title, loaded.description, loaded.sign_up) == (answers["title"], "one\ntwo", "open")
        assert loaded.secret == ""
    with pytest.raises(SettingsError, match="sign_up"):
        settings.save_site(Settings(data=tmp_path), {"sign_up": "sometimes"})
    with pytest.raises(SettingsError, match="title"):
        settings.save_site(Settings(data=tmp_path), {"title": "a\x00b"})
    assert load(_environ(data=str(tmp_path)), tmp_path / "none.toml").title == answers["title"]


def test_what_follows_from_settings() -> None:
    """Host, handle domain, database and cookies follow from what is set."""
    made = Settings(url="https://social.example.org:8443", handle_domain="example.org")
    assert (made.host, made.domain, made.is_sqlite, made.secure_cookies) == (
        "social.example.org:8443", "example.org", True, True)
    plain = Settings(url="http://127.0.0.1:8000", database_url="postgresql://db/x")
    assert (plain.domain, plain.is_sqlite, plain.secure_cookies) == ("127.0.0.1:8000", False, False)


def test_every_setting_says_what_it_means() -> None:
    """Each has a sentence for the documentation, and a default of its own type."""
    for item in fields(Settings):
        assert item.metadata["doc"].endswith((".", ")")), item.name
        assert len(item.metadata["doc"]) > 15


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    """Without a configured secret one is made at the first start, readable by its owner only, and kept."""
    data = tmp_path / "data"
    made = settings.with_secret(Settings(data=data)).secret
    assert len(made) == 64
    assert (data / settings.SECRET_FILE).stat().st_mode & 0o777 == 0o600
    assert settings.with_secret(Settings(data=data)).secret == made
    assert [path.name for path in data.iterdir()] == [settings.SECRET_FILE]


def test_a_configured_secret_counts(tmp_path: Path) -> None:
    """A configured secret is used, and no file is made."""
    assert settings.with_secret(Settings(data=tmp_path, secret="s3cr3t")).secret == "s3cr3t"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    """An emptied file is no secret: the server does not start with a key that everybody knows."""
    (tmp_path / settings.SECRET_FILE).touch()
    with pytest.raises(SettingsError, match="empty"):
        settings.with_secret(Settings(data=tmp_path))


def test_sizes_are_shown_as_written() -> None:
    """A size in the documentation reads as people write it."""
    assert [written_size(size) for size in (10 << 30, 32 << 20, 1000, 0)] == ["10G", "32M", "1000", "0"]
