"""Kinds of runs whose answers are known."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from core.errors import EngineError
from core.jobs import RunKind


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"number": number} for number in range(inputs["count"])]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Square a number; leave a trace in the folder of who calculated it."""
    number = unit["number"]
    time.sleep(inputs.get("seconds", 0))
    with (folder / f"calculated-{number}").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if number in inputs.get("fails", []):
        raise EngineError(f"number {number} does not converge", hint="choose another")
    if number in inputs.get("dies", []):
        os._exit(9)
    return {"square": number * number}


class Stubborn(Exception):
    """An error that pickle can write but not read."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    if inputs.get("unfinishable"):
        raise EngineError("nothing to add up")
    if inputs.get("unpicklable"):
        raise Stubborn("can't be", "sent")
    return {"sum": sum(s.get("square", 0) for s in summaries), "failed": sum("failed" in s for s in summaries)}


SQUARES = RunKind("squares", plan, unit, finish)
