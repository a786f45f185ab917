"""Long work says which part of it begins; a page or a process that waits for it may listen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def step(part: str) -> None:
    """Say that a part of the work begins; nothing happens when nobody listens."""
    heard = _listener.get()
    if heard:
        heard(part)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let a listener hear the parts of the work that is done inside."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
