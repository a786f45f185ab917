"""The criteria that a command judges by: the shipped ones, or those with a file of overrides."""

from __future__ import annotations

from argparse import ArgumentParser

from core.commands.files import read_bytes
from core.criteria import CriteriaSet
from core.criteria.overrides import read_overrides


def criteria_argument(parser: ArgumentParser) -> None:
    """Declare ``--criteria FILE``."""
    text = "JSON list of limits of your own, each with criterion, low, warn or high, and reason"
    parser.add_argument("--criteria", metavar="FILE", help=text)


def chosen_criteria(path: str | None) -> CriteriaSet:
    """Return the criteria of a ``--criteria`` argument."""
    return CriteriaSet.default() if path is None else read_overrides(*read_bytes(path))
