"""Rotating signing keys: one line more in the settings file, and every other byte as it was."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from digest.app.keys import rotate
from digest.config import Settings, load_settings
from digest.config.rereading import KeysOnDisk
from digest.config.rewriting import replace_keys, with_current, with_key
from digest.config.template import settings_template
from digest.errors import ConfigError, Conflict

FIRST, SECOND = "ab" * 32, "cd" * 32
WRITTEN = settings_template(FIRST, "ef" * 32)

# Ways in which people write the same keys.
STYLES = {
    "as we write it": WRITTEN,
    "with a comment and blanks": f'[keys.signing]\n\t 1  =  "{FIRST}"  # the first\n\n# more to come\n',
    "no line end at the end": f'[keys.signing]\n1 = "{FIRST}"',
    "CRLF": WRITTEN.replace("\n", "\r\n"),
    "with a byte order mark": "\ufeff" + f'[keys.signing]\n1 = "{FIRST}"\n',
    "quoted": f'[keys]\n["keys".\'signing\']\n"1" = "{FIRST}"\n',
    "dotted": f'[keys]\nsuppression = "x"\nsigning.1 = "{FIRST}"\n[web]\nport = 1\n',
    "dotted at the top": f'keys.signing."1" = "{FIRST}" # the first\n[web]\nport = 1\n',
    "tables in between": f'[keys.signing]\n1 = "{FIRST}"\n\n[web]\nport = 1\n[keys]\nsuppression = "x"\n',
    "odd line ends in words": f'[newsletter]\nname = "a\u2028b\x85c"\n[keys.signing]\n1 = "{FIRST}"\n',
}


def settings_file(folder: Path, text: str = WRITTEN) -> Path:
    """A settings file with these words, for its owner only."""
    file = folder / "digest.toml"
    file.write_bytes(text.encode())
    file.chmod(0o600)
    return file


def current(file: Path) -> tuple[int, list[int]]:
    """The key that signs, and all there are."""
    ring = load_settings(file, {}).keys.keyring()
    return ring.current, sorted(ring.keys)


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_one_line_is_added(tmp_path: Path, text: str) -> None:
    """Below the last key, in its style; taken away again, the file is what it was."""
    file = settings_file(tmp_path, text)
    if "\x85" in text:  # which no setting may hold
        after = with_key(text, 2, SECOND)
    else:
        assert rotate(file, prepare=False, environ={}).number == 2
        after = file.read_bytes().decode()
        assert current(file) == (2, [1, 2])
    lines = after.splitlines(keepends=True)
    (added,) = (
        line for line in lines if line not in set(text.splitlines(keepends=True)) and FIRST not in line
    )
    assert added.strip().endswith('"')
    assert after.replace(added, "").rstrip("\r\n") == text.rstrip("\r\n")
    assert lines[lines.index(added) - 1].count(FIRST) == 1


def test_one_after_the_other(tmp_path: Path) -> None:
    """Each new one signs, and is no other's."""
    file = settings_file(tmp_path)
    numbers = [rotate(file, prepare=False, environ={}).number for _ in range(3)]
    assert numbers == [2, 3, 4]
    assert len(set(load_settings(file, {}).keys.keyring().keys.values())) == 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["digest.toml"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_the_mode_and_a_link_to_the_file_stay(tmp_path: Path, mode: int) -> None:
    """Who could read it can, nobody else; the link leads to the file as before."""
    (tmp_path / "etc").mkdir()
    file, link = settings_file(tmp_path / "etc"), tmp_path / "digest.toml"
    file.chmod(mode)
    link.symlink_to(file)
    rotate(link, prepare=False, environ={})
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert current(file) == (2, [1, 2])


def test_two_steps_for_several_machines(tmp_path: Path) -> None:
    """The new key is known and does not sign until it is put to use; afterwards nothing of that is left."""
    file = settings_file(tmp_path)
    done = rotate(file, prepare=True, environ={})
    assert (done.number, done.signs, current(file)) == (2, False, (1, [1, 2]))
    with pytest.raises(Conflict, match="key 2 is prepared already"):
        rotate(file, prepare=True, environ={})
    done = rotate(file, prepare=False, environ={})
    assert (done.number, done.signs, current(file)) == (2, True, (2, [1, 2]))
    key = load_settings(file, {}).keys.signing["2"].get_secret_value()
    assert file.read_text() == with_key(WRITTEN, 2, key)


def test_a_preparation_replaces_an_older_one(tmp_path: Path) -> None:
    """`current` that an operator left at the highest does not keep the next key from signing."""
    text = WRITTEN.replace("# current = 1 ", "current = 1 ")
    file = settings_file(tmp_path, text)
    assert rotate(file, prepare=False, environ={}).signs
    assert current(file) == (2, [1, 2])
    assert "\ncurrent" not in file.read_text()


REFUSED = {
    "an inline table": f'[keys]\nsigning = {{ 1 = "{FIRST}" }}\n',
    "words in a string that look like it": f'[keys]\nsigning = {{ 1 = "{FIRST}" }}\n[newsletter]\n'
    f'operator = """\\\n[keys.signing]\\\n1 = 2"""\n',
    "the last number": WRITTEN.replace("\n1 = ", "\n255 = "),
    "no key": "[web]\nport = 1\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path: Path, text: str) -> None:
    """With a sentence, and the file as it was."""
    file = settings_file(tmp_path, text)
    with pytest.raises(ConfigError, match="keys"):
        rotate(file, prepare=False, environ={})
    assert file.read_bytes() == text.encode()


def test_preparing_without_the_table(tmp_path: Path) -> None:
    """Where [keys] is not written there is no place for `current`."""
    file = settings_file(tmp_path, f'[keys.signing]\n1 = "{FIRST}"\n')
    with pytest.raises(ConfigError, match="only a person"):
        rotate(file, prepare=True, environ={})
    assert current(file) == (1, [1])


@pytest.mark.parametrize(
    "name", ["DIGEST_KEYS__SIGNING__1", "DIGEST_KEYS__SIGNING__7", "DIGEST_KEYS__CURRENT"]
)
def test_keys_from_the_environment_are_not_rotated(tmp_path: Path, name: str) -> None:
    """They win over the file, so a change there would do nothing, or not what it says."""
    file = settings_file(tmp_path)
    environ = {name: "1" if name.endswith("CURRENT") else FIRST}
    with pytest.raises(ConfigError, match=name):
        rotate(file, prepare=False, environ=environ)
    assert file.read_text() == WRITTEN


def test_a_file_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner made it so; a superuser, who may write anywhere, is told here that they may not."""
    file = settings_file(tmp_path)
    file.chmod(0o400)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ConfigError, match="may not be written"):
        rotate(file, prepare=False, environ={})
    assert file.read_text() == WRITTEN


def test_a_folder_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and nothing of the new one."""
    file = settings_file(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="could not be written: No space left"):
        rotate(file, prepare=False, environ={})
    assert file.read_text() == WRITTEN
    assert [one.name for one in tmp_path.iterdir()] == ["digest.toml"]


def test_a_file_that_somebody_else_changes(tmp_path: Path) -> None:
    """What was written meanwhile is not lost, and nothing of ours is left lying about."""
    file = settings_file(tmp_path)
    after = with_key(WRITTEN, 2, SECOND)
    file.write_text(WRITTEN + "# mine\n")
    with pytest.raises(Conflict, match="somebody else"):
        replace_keys(file, WRITTEN, after, {"signing": {"2": SECOND}})
    assert file.read_text() == WRITTEN + "# mine\n"
    assert [one.name for one in tmp_path.iterdir()] == ["digest.toml"]


def test_nothing_but_the_keys_changes(tmp_path: Path) -> None:
    """The parser has the last word about what a change means."""
    file = settings_file(tmp_path)
    after = with_key(WRITTEN, 2, SECOND).replace("[web]", "[web]\nport = 1")
    with pytest.raises(ConfigError, match="only a person"):
        replace_keys(file, WRITTEN, after, {"signing": {"2": SECOND}})
    assert file.read_text() == WRITTEN


def test_current_names_a_key_there_is() -> None:
    """And nothing else; unset, the highest signs."""
    keys = {"signing": {"1": FIRST, "2": SECOND}}
    assert Settings.model_validate({"keys": keys}).keys.keyring().current == 2
    assert Settings.model_validate({"keys": {**keys, "current": 1}}).keys.keyring().current == 1
    with pytest.raises(ConfigError, match=r"keys\.current: there is no signing key 3"):
        Settings.model_validate({"keys": {**keys, "current": 3}}).keys.keyring()


def test_current_comes_and_goes() -> None:
    """Line by line; what was there before is replaced, a comment stays."""
    assert "\n[keys]\ncurrent = 1\n" in with_current(WRITTEN, 1)
    assert with_current(with_current(WRITTEN, 1), None) == WRITTEN
    assert with_current(with_current(WRITTEN, 1), 2) == with_current(WRITTEN, 2)


def test_keys_are_read_again_when_the_file_has_changed(tmp_path: Path) -> None:
    """And only then; a file that is broken for a moment takes nothing away."""
    file = settings_file(tmp_path)
    keys = KeysOnDisk(file, {})
    assert sorted(keys.read()) == [1]
    rotate(file, prepare=False, environ={})
    assert sorted(keys.read()) == [1, 2]
    file.write_text("[keys.sign")
    assert sorted(keys.read()) == [1, 2]
    file.unlink()
    assert sorted(keys.read()) == [1, 2]
    settings_file(tmp_path, with_key(with_key(WRITTEN, 2, SECOND), 3, FIRST))
    assert sorted(keys.read()) == [1, 2, 3]


def test_nobody_reads_an_unchanged_file_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forged links with made-up key numbers must not make us work."""
    file = settings_file(tmp_path)
    reads: list[Path | None] = []

    def counted(path: Path | None, environ: Mapping[str, str]) -> Settings:
        reads.append(path)
        return load_settings(path, environ)

    monkeypatch.setattr("digest.config.rereading.load_settings", counted)
    keys = KeysOnDisk(file, {})
    for _ in range(100):
        assert sorted(keys.read()) == [1]
    assert reads == [file]
