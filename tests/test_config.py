"""Settings: what is good is read, what is not is named with its place, and no secret is ever shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from digest.config import Settings, load_settings
from digest.config.kinds import is_loopback
from digest.config.template import settings_template
from digest.errors import ConfigError

KEY = "ab" * 32


def load(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    """Settings from a file with this text under these variables."""
    file = tmp_path / "digest.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ)


def complaint(tmp_path: Path, text: str = "", **environ: str) -> str:
    """What is said about settings that make no sense."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environ)
    return str(caught.value)


def test_defaults_need_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder is enough; SQLite lies in it."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(environ={})
    assert settings.smtp.security == "starttls"
    assert settings.schedule.time == dt.time(9)
    assert settings.database.url == f"sqlite:///{tmp_path.resolve()}/digest.db"
    assert settings.delivery.after_crash == "resend"


def test_the_template_is_the_defaults(tmp_path: Path) -> None:
    """What `digest init` writes says nothing but what is so anyway, and each commented key is one."""
    text = settings_template(KEY, KEY)
    written = load(tmp_path, text)
    assert written.model_copy(update={"keys": Settings().keys}) == load(tmp_path)
    assert written.keys.keyring().current == 1
    assert written.keys.suppression_key() == bytes.fromhex(KEY)
    for line in text.splitlines():
        group = line.strip("[]") if line.startswith("[") else ""
        if group and "." not in group:
            fields = type(getattr(written, group)).model_fields
        elif line.startswith("# ") and " = " in line:
            assert line.removeprefix("# ").partition(" = ")[0] in fields


def test_the_environment_wins(tmp_path: Path) -> None:
    """Over the file, which wins over the defaults; other variables are nobody's business."""
    settings = load(
        tmp_path,
        '[smtp]\nhost = "a.example"\nport = 25\n',
        DIGEST_SMTP__HOST="b.example",
        DIGEST_SMTP__PER_SECOND="2.5",
        DIGEST_DELIVERY__RETRY_AFTER="1 minute, 2 hours",
        DIGEST_KEYS__SIGNING__2=KEY,
        DIGEST_TEST_POSTGRES="x",
        PATH="/bin",
    )
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.per_second) == ("b.example", 25, 2.5)
    assert settings.delivery.retry_after == (dt.timedelta(minutes=1), dt.timedelta(hours=2))
    assert settings.keys.keyring().current == 2


@pytest.mark.parametrize("name", ["REPLY_TO", "TEMPLATES", "PAGES"])
def test_an_empty_variable_means_the_default(tmp_path: Path, name: str) -> None:
    """As compose files write it; no path becomes the current folder."""
    settings = load(tmp_path, **{f"DIGEST_NEWSLETTER__{name}": "", "DIGEST_SMTP__CA_FILE": ""})
    assert getattr(settings.newsletter, name.lower()) is None
    assert settings.smtp.ca_file is None


def test_the_file_is_found_by_variable(tmp_path: Path) -> None:
    """`DIGEST_CONFIG` names it, and then it must be there."""
    file = tmp_path / "other.toml"
    file.write_text("[web]\nport = 1234\n")
    assert load_settings(environ={"DIGEST_CONFIG": str(file)}).web.port == 1234
    with pytest.raises(ConfigError, match=r"missing\.toml.*no such settings file.*digest init"):
        load_settings(environ={"DIGEST_CONFIG": str(tmp_path / "missing.toml")})


COMPLAINTS = [
    ('[smtp]\n\nhots = "x"', "digest.toml:3: smtp.hots: there is no such setting"),
    ('[smpt]\nhost = "x"', "digest.toml:1: smpt: there is no such setting"),
    ('colour = "red"', "digest.toml:1: colour: there is no such setting"),
    ('[smtp]\nport = "many"', "digest.toml:2: smtp.port:"),
    ("[smtp]\nhost = 1\nport = 0", "digest.toml:3: smtp.port:"),
    ('smtp.port = "many"', "digest.toml:1: smtp.port:"),
    ('# about\nsmtp = { port = "many" }', "digest.toml:2: smtp.port:"),
    ('smtp = "localhost"', "digest.toml:1: smtp:"),
    ('[[smtp]]\nhost = "x"', "smtp:"),
    ('[smtp]\nhost = ""', "digest.toml:2: smtp.host:"),
    ('[smtp]\nhost = "relay.example"\nsecurity = "none"', 'digest.toml:1: smtp: security = "none" is for'),
    ('[smtp]\nsecurity = "ssl"', "digest.toml:2: smtp.security:"),
    ("[smtp]\nconnections = 0", "digest.toml:2: smtp.connections:"),
    *[
        (f"[smtp]\nper_second = {rate}", "digest.toml:2: smtp.per_second:")
        for rate in ("0", "-1", "1e-300", "nan", "inf", "1e300")
    ],
    ("[schedule]\nmin_items = 9\nmax_items = 3", "schedule: min_items (9) is larger than max_items (3)"),
    ('[schedule]\ntimezone = "Europe/Nowhere"', "digest.toml:2: schedule.timezone: expected an IANA"),
    ('[schedule]\ntimezone = "../etc/passwd"', "digest.toml:2: schedule.timezone: expected an IANA"),
    ('[schedule]\ntimezone = ""', "digest.toml:2: schedule.timezone: expected an IANA"),
    ('[schedule]\nweekday = "someday"', "digest.toml:2: schedule.weekday: expected a weekday"),
    ("[schedule]\nweekday = 3", "digest.toml:2: schedule.weekday: expected a weekday"),
    ('[schedule]\ntime = "9 o\'clock"', "digest.toml:2: schedule.time: expected a time of day"),
    ('[schedule]\ntime = "24:00"', "digest.toml:2: schedule.time: expected a time of day"),
    ('[schedule]\nmax_age = "soon"', "digest.toml:2: schedule.max_age: expected a number and a unit"),
    ("[schedule]\nmax_age = 7", "digest.toml:2: schedule.max_age: expected a number and a unit"),
    ('[schedule]\nmax_age = "-1 days"', "digest.toml:2: schedule.max_age: expected a number and a unit"),
    ('[schedule]\nmax_age = "99999999999999 days"', "digest.toml:2: schedule.max_age: expected"),
    ('[schedule]\nmax_age = "3651 days"', "digest.toml:2: schedule.max_age: expected at most 3650 days"),
    (f'[schedule]\nmax_item_age = "{"9" * 5000} weeks"', "schedule.max_item_age: expected at most 3650 days"),
    ('[delivery]\nlease = "900000000 days"', "digest.toml:2: delivery.lease: expected at most 3650 days"),
    ('[delivery]\nlease = "25 hours"', "digest.toml:2: delivery.lease:"),
    ('[delivery]\nretry_after = ["1 hour", "x"]', "digest.toml:2: delivery.retry_after.1: expected a number"),
    ('[newsletter]\nname = ""', "digest.toml:2: newsletter.name:"),
    ('[newsletter]\nname = "a\\r\\nBcc: x@y.example"', "digest.toml:2: newsletter.name: expected one line"),
    ('[newsletter]\nname = "a\\n"', "digest.toml:2: newsletter.name: expected one line"),
    ('[newsletter]\nname = "a\\u2028"', "digest.toml:2: newsletter.name: expected one line"),
    ('[newsletter]\nname = "a\\u0000"', "digest.toml:2: newsletter.name: expected one line"),
    (
        '[newsletter]\nsender = "A <a@b.example>\\r\\nBcc: x@y.example"',
        "newsletter.sender: expected one line",
    ),
    ('[newsletter]\nsender = "nobody"', 'newsletter.sender: expected "Name <name@example.org>"'),
    ('[newsletter]\nsender = "A <a@b.example>, B <c@d.example>"', "newsletter.sender: expected"),
    ('[newsletter]\nsender = "A <a@b..example>"', "newsletter.sender: expected"),
    ('[newsletter]\nsender = "A <a@b.example.>"', "newsletter.sender: expected"),
    ('[newsletter]\nsender = "A <a@intranet>"', "newsletter.sender: expected"),
    *[
        (f"[newsletter]\nsender = '{sender}'", "newsletter.sender: expected")
        for sender in (
            "digest@[127.0.0.1]",
            '"a b"@b.example',
            f"{'a' * 65}@b.example",
            f"a@{'b' * 64}.example",
            f"a@{'b.' * 125}example",
        )
    ],
    ('[newsletter]\nreply_to = "A <grün@b.example>"', "newsletter.reply_to: expected"),
    ('[newsletter]\nlist_id = "weekly"', "newsletter.list_id: expected a dotted name"),
    ('[newsletter]\nlist_id = "<weekly.example.org>"', "newsletter.list_id: expected a dotted name"),
    (f'[newsletter]\nlist_id = "{"a" * 64}.example.org"', "newsletter.list_id: expected a dotted name"),
    ('[newsletter]\ntemplates = "mine"', "digest.toml:2: newsletter.templates: there is no folder "),
    ('[newsletter]\npages = "digest.toml"', "digest.toml:2: newsletter.pages: there is no folder "),
    ('[newsletter]\nlanguage = "english please"', "newsletter.language:"),
    *[
        (f'[web]\nbase_url = "{url}"', "digest.toml:2: web.base_url:")
        for url in (
            "digest.example.org",
            "ftp://digest.example.org",
            "https://",
            "https://digest.example.org?a=b",
            "https://digest.example.org?",
            "https://digest.example.org#x",
            "https://user@digest.example.org",
            "https://digest.example.org/a b",
            "https://digest.example.org/>",
            "https://bücher.example",
            "https://digest.example.org:many",
            "https://digest.example.org:99999",
            "https://[::1",
            "https://digest.example.org\\nX: y",
            f"https://digest.example.org/{'x' * 180}",
        )
    ],
    ('[database]\nurl = "sqlite://"', "database.url: a database in memory"),
    ('[database]\nurl = "sqlite:///"', "database.url: a database in memory"),
    ('[database]\nurl = "sqlite:///:memory:"', "database.url: a database in memory"),
    ("[smtp\nhost = 1", "digest.toml: not valid TOML:"),
    ("[smtp]\nport = 1\nport = 2", "digest.toml: not valid TOML:"),
]


@pytest.mark.parametrize(("text", "said"), COMPLAINTS)
def test_a_bad_file_is_named_with_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    """File, line, key, and what was expected."""
    assert said in complaint(tmp_path, text)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """One line each."""
    said = complaint(tmp_path, '[smtp]\nport = "x"\n[web]\nport = "y"\n').splitlines()
    assert [line.partition(": ")[2].split(":")[0] for line in sorted(said)] == ["smtp.port", "web.port"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DIGEST_SMTP__HOTS", "x", "DIGEST_SMTP__HOTS: there is no such setting"),
        ("DIGEST_SMPT__HOST", "x", "DIGEST_SMPT__HOST: there is no such setting"),
        ("DIGEST_SMTP_HOST", "x", "DIGEST_SMTP_HOST: there is no such setting"),
        ("DIGEST_SMTP", "x", "DIGEST_SMTP: there is no such setting"),
        ("DIGEST_", "x", "DIGEST_: there is no such setting"),
        ("DIGEST_SMTP__HOST__NAME", "x", "DIGEST_SMTP__HOST__NAME: there is no such setting"),
        ("DIGEST_KEYS__SIGNING", KEY, "DIGEST_KEYS__SIGNING: there is no such setting"),
        ("DIGEST_SMTP__PORT", "many", "DIGEST_SMTP__PORT: smtp.port:"),
        (
            "DIGEST_NEWSLETTER__PAGES",
            "none",
            "DIGEST_NEWSLETTER__PAGES: newsletter.pages: there is no folder",
        ),
        ("DIGEST_SCHEDULE__TIMEZONE", "Mars", "DIGEST_SCHEDULE__TIMEZONE: schedule.timezone:"),
        ("DIGEST_NEWSLETTER__NAME", "\udcff", "DIGEST_NEWSLETTER__NAME: newsletter.name:"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    """A misspelt variable is no silence, and a bad one is named instead of the file."""
    assert complaint(tmp_path, '[smtp]\nhost = "x"\n', **{name: value}).startswith(said)


def test_a_variable_does_not_hide_the_files_mistake(tmp_path: Path) -> None:
    """`smtp = "x"` stays wrong, whatever the environment adds."""
    assert "digest.toml:1: smtp:" in complaint(tmp_path, 'smtp = "x"', DIGEST_SMTP__PORT="25")


@pytest.mark.parametrize(
    "text",
    [
        '[smtp]\npassword = ["hunter2"]\nport = "x"',
        '[smtp]\npasswrod = "hunter2"',
        'password = "hunter2"',
        'smtp = "hunter2"',
        '[keys]\nsuppression = ["hunter2"]',
        '[keys]\nsigning = "hunter2"',
        '[keys]\nsupression = "hunter2"',
        '[keys.signing]\n1 = ["hunter2"]',
        'keys = "hunter2"',
        '[database]\nurl = ["postgresql://digest:hunter2@db/digest"]',
    ],
)
def test_errors_show_no_secret(tmp_path: Path, text: str) -> None:
    """Not even a misspelt one."""
    assert "hunter2" not in complaint(tmp_path, text)


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """In `repr`, as it gets into logs and tracebacks."""
    settings = load(
        tmp_path,
        '[smtp]\npassword = "hunter2"\n[keys]\nsuppression = "hunter2"\n[keys.signing]\n1 = "hunter2"\n'
        '[database]\nurl = "postgresql://digest:hunter2@db/digest"',
    )
    assert "hunter2" not in repr(settings) + str(settings)
    assert settings.smtp.secret() == "hunter2"
    assert settings.database.url == "postgresql+psycopg://digest:hunter2@db/digest"


LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"]
ELSEWHERE = [
    "ip6-localhost",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "evil-localhost",
    "0.0.0.0",
    "::",
    "128.0.0.1",
    "10.0.0.1",
    "::ffff:8.8.8.8",
    "2130706433",
    "localhost@evil.example",
    "１２７.0.0.1",
    "",
]


@pytest.mark.parametrize(("host", "home"), [*[(h, True) for h in LOOPBACK], *[(h, False) for h in ELSEWHERE]])
def test_plaintext_stays_on_this_machine(tmp_path: Path, host: str, home: bool) -> None:
    """Unless the plainly named setting lifts that."""
    assert is_loopback(host) is home
    text = f'[smtp]\nsecurity = "none"\nhost = "{host}"\n'
    if home:
        assert load(tmp_path, text).smtp.security == "none"
    elif host:
        assert "is for loopback hosts only" in complaint(tmp_path, text)
        assert load(tmp_path, text + "allow_plaintext = true").smtp.host == host


def test_relative_paths_start_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever folder cron starts in."""
    monkeypatch.chdir("/")
    (tmp_path / "pw").write_text("hunter2\nsecond line\n")
    (tmp_path / "mine").mkdir()
    settings = load(
        tmp_path,
        '[newsletter]\ntemplates = "mine"\npages = "/usr"\n[smtp]\npassword_file = "pw"\nca_file = "ca.pem"\n'
        '[database]\nurl = "sqlite:///data/x.db"\n'
        '[dkim]\ndomain = "example.org"\nselector = "s"\nkey_file = "dkim.pem"',
    )
    assert settings.newsletter.templates == tmp_path / "mine"
    assert settings.newsletter.pages == Path("/usr")
    assert settings.smtp.ca_file == tmp_path / "ca.pem"
    assert settings.smtp.secret() == "hunter2"
    assert settings.dkim.key_file == tmp_path / "dkim.pem"
    assert settings.database.url == f"sqlite:///{tmp_path}/data/x.db"


@pytest.mark.parametrize("name", ["50% off", "why? not", "a#b", "%41", "grün"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """A folder's name is no part of the URL's grammar."""
    from sqlalchemy.engine import make_url

    folder = tmp_path / name
    folder.mkdir()
    assert make_url(load(folder).database.url).database == str(folder / "digest.db")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_an_unreadable_password_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    """When the password is needed, not before."""
    if content is not None:
        (tmp_path / "pw").write_bytes(content)
    settings = load(tmp_path, '[smtp]\npassword_file = "pw"')
    with pytest.raises(ConfigError, match=r"smtp\.password_file: .*pw"):
        settings.smtp.secret()


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_an_unreadable_authority_is_named(tmp_path: Path, content: bytes | None) -> None:
    """In the same way."""
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    settings = load(tmp_path, '[smtp]\nca_file = "ca.pem"')
    with pytest.raises(ConfigError, match=r"smtp\.ca_file: .*ca\.pem"):
        settings.smtp.authorities()


def test_a_wrong_value_is_shown_in_short(tmp_path: Path) -> None:
    """Enough of it to know it again."""
    said = complaint(tmp_path, f'[web]\nbase_url = "https://x.example/{"y" * 3000}"')
    assert "expected at most 200 characters, not 'https://x.example/yyy" in said
    assert len(said) < 300 + len(str(tmp_path))


def test_the_longest_values_that_are_taken(tmp_path: Path) -> None:
    """Bounds are where the messages say."""
    url = f"https://x.example/{'y' * 182}"
    settings = load(tmp_path, f'[web]\nbase_url = "{url}"\n[delivery]\nlease = "1 day"\nlinger = "3650 days"')
    assert settings.web.base_url == url
    assert settings.delivery.linger == 10 * dt.timedelta(days=365)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b'[web]\nhost = "\xff"', "utf-8"), ("[web]\nport = 1".encode("utf-16"), "utf-8")],
)
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    """Latin-1 and UTF-16."""
    file = tmp_path / "digest.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=rf"digest\.toml: .*{said}"):
        load_settings(file, {})


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """As some editors write it, with their line ends."""
    file = tmp_path / "digest.toml"
    file.write_bytes(b"\xef\xbb\xbf[web]\r\nport = 81\r\n")
    assert load_settings(file, {}).web.port == 81


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(ConfigError, match=tmp_path.name):
        load_settings(tmp_path, {})


GOOD = [
    ('[schedule]\nmax_age = "90 minutes"', "schedule.max_age", dt.timedelta(minutes=90)),
    ('[schedule]\nmax_age = "1 Week"', "schedule.max_age", dt.timedelta(weeks=1)),
    ('[schedule]\nmax_age = " 2days "', "schedule.max_age", dt.timedelta(days=2)),
    ('[schedule]\nweekday = "Thu"', "schedule.weekday", "thursday"),
    ('[schedule]\nweekday = "SUNDAY"', "schedule.weekday", "sunday"),
    ('[schedule]\ntime = "7:05"', "schedule.time", dt.time(7, 5)),
    ("[schedule]\ntime = 07:05:00", "schedule.time", dt.time(7, 5)),
    ('[schedule]\ntimezone = "Europe/Berlin"', "schedule.timezone", "Europe/Berlin"),
    ('[web]\nbase_url = "https://x.example/news/"', "web.base_url", "https://x.example/news"),
    ('[web]\nbase_url = "HTTPS://x.example:8443"', "web.base_url", "https://x.example:8443"),
    ('[web]\nbase_url = "http://[::1]:8000"', "web.base_url", "http://[::1]:8000"),
    ('[newsletter]\nsender = "Grüße 👋 <a@b.example>"', "newsletter.sender", "Grüße 👋 <a@b.example>"),
    ('[newsletter]\nsender = "a@localhost"', "newsletter.sender", "a@localhost"),
    ('[newsletter]\nlist_id = "weekly.example.org"', "newsletter.list_id", "weekly.example.org"),
]


@pytest.mark.parametrize(("text", "key", "value"), GOOD)
def test_people_may_write_it_their_way(tmp_path: Path, text: str, key: str, value: object) -> None:
    """Durations, weekdays, times of day, addresses."""
    group, _, name = key.partition(".")
    assert getattr(getattr(load(tmp_path, text), group), name) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[keys.signing]\n1 = "abcd"',
        '[keys.signing]\none = "' + KEY + '"',
        '[keys.signing]\n256 = "' + KEY + '"',
        '[keys.signing]\n1 = "' + KEY + '"\n01 = "' + KEY + '"',
        '[keys.signing]\n"+1" = "' + KEY + '"',
        '[keys.signing]\n"1_0" = "' + KEY + '"',
        '[keys.signing]\n"¹" = "' + KEY + '"',
    ],
)
def test_unusable_keys_are_refused_when_they_are_needed(tmp_path: Path, text: str) -> None:
    """Missing, short, misnumbered."""
    keys = load(tmp_path, text).keys
    with pytest.raises(ConfigError, match=r"keys\.signing"):
        keys.keyring()
    with pytest.raises(ConfigError, match=r"keys\.suppression"):
        keys.suppression_key()
