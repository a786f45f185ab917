from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import start

ROOT = Path(start.__file__).parent


class Machine:
    """A machine where making the environment takes no time; it remembers what was done."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.network = True
        (folder / "requirements.txt").write_text("streamlit==1\n")
        (folder / "requirements-dev.txt").write_text("pytest==1\n")
        monkeypatch.setattr(start, "ROOT", folder)
        monkeypatch.setattr(start, "VENV", folder / ".venv")
        monkeypatch.setattr(start, "PYTHON", folder / ".venv" / "python")
        monkeypatch.setattr(start, "is_usable", lambda: start.PYTHON.exists())
        monkeypatch.setattr(start, "make_environment", self.make)
        monkeypatch.setattr(start, "install", self.install)

    def make(self) -> None:
        self.done.append("make")
        start.VENV.mkdir(exist_ok=True)
        start.PYTHON.touch()

    def install(self, pins: tuple[str, ...]) -> None:
        self.done.append("install")
        time.sleep(0.05)
        if not self.network:
            raise start.SetupError("the packages could not be installed (see above)")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_first_start_makes_the_environment_and_the_second_changes_nothing(machine: Machine) -> None:
    start.prepare(start.RUN_PINS)
    start.prepare(start.RUN_PINS)
    assert machine.done == ["make", "install"]


def test_changed_pins_are_installed(machine: Machine) -> None:
    start.prepare(start.RUN_PINS)
    (start.ROOT / "requirements.txt").write_text("streamlit==2\n")
    start.prepare(start.RUN_PINS)
    assert machine.done == ["make", "install", "install"]


def test_an_install_that_failed_half_way_is_told_and_recovered(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "hand_over", lambda command, cwd=None: 0)
    machine.network = False
    assert start.main(["plant"]) == 3
    captured = capsys.readouterr()
    assert "could not be installed" in captured.err
    assert captured.out == ""
    machine.network = True
    assert start.main(["plant"]) == 0
    assert machine.done == ["make", "install", "install"]


def test_another_python_makes_the_stamp_void(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    start.prepare(start.RUN_PINS)
    monkeypatch.setattr(start, "version", lambda info: "3.99")
    assert not start.is_complete(start.RUN_PINS)


def test_two_starts_at_once_install_once(machine: Machine) -> None:
    starts = [threading.Thread(target=start.prepare, args=(start.RUN_PINS,)) for _ in range(3)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    assert machine.done == ["make", "install"]


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert start.free_port(port) not in (0, port)


def test_an_old_python_can_read_the_file_as_far_as_the_message() -> None:
    source = (ROOT / "start.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    statements = ast.parse(source).body
    assert [ast.unparse(s) for s in statements[1:2]] == ["import sys"]
    assert ast.unparse(statements[2]).startswith("if sys.version_info < (3, 11):")


def test_only_the_standard_library_is_used() -> None:
    tree = ast.walk(ast.parse((ROOT / "start.py").read_text(encoding="utf-8")))
    names = {name.name for node in tree if isinstance(node, ast.Import) for name in node.names}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


@pytest.mark.skipif(os.name == "nt", reason="the command replaces the process")
def test_a_command_keeps_its_standard_output_and_exit_status(tmp_path: Path) -> None:
    code = (
        "import sys, start\n"
        "from pathlib import Path\n"
        "start.PYTHON = Path(sys.executable)\n"
        "start.prepare = lambda pins: None\n"
        "sys.exit(start.main(['nonsense']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "invalid choice: 'nonsense'" in done.stderr
