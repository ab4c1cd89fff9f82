"""Makes every value that a template may print one harmless line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from digest.editions.phrasing import clean

T = TypeVar("T")


def cleaned(value: T, *, keep: tuple[str, ...] = ()) -> T:
    """The value with every string in it on one line; fields named in `keep` stay as they are."""
    return _cleaned(value, keep)  # type: ignore[no-any-return]


def _cleaned(value: Any, keep: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple | list):
        return tuple(_cleaned(item, keep) for item in value)
    if isinstance(value, Mapping):
        return {key: _cleaned(item, keep) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in keep]
        return replace(value, **{name: _cleaned(getattr(value, name), keep) for name in names})
    return value
