"""Start Gridproof. Needs Python 3.11 or newer and nothing else.

python3 start.py               open the app in the browser
python3 start.py test          run every check and test
python3 start.py COMMAND …     run a command; `python3 start.py --help` lists them

The first start makes `.venv` beside this file and installs the pinned packages; later starts change nothing unless the
pins or Python did.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - stands before anything that an older Python would not understand
    sys.exit(
        f"Gridproof needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).\n"
        "Install a newer one from https://www.python.org/downloads/ and start again with it."
    )

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PROGRAMS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = PROGRAMS / ("python.exe" if os.name == "nt" else "python")

RUN_PINS = ("requirements.txt",)
TEST_PINS = ("requirements.txt", "requirements-dev.txt")

#: The server loads its big libraries before it listens, so that the first page doesn't wait for them.
SERVER = "import pandas.io.formats.style, sqlalchemy; from streamlit.web.cli import main; main(prog_name='streamlit')"

CHECKS = (
    ("formatting", (PYTHON, "-m", "ruff", "format", "--check", ".")),
    ("lint", (PYTHON, "-m", "ruff", "check", ".")),
    ("types", (PYTHON, "-m", "mypy")),
    ("layers", (PROGRAMS / "lint-imports",)),
    ("tests", (PYTHON, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--durations", "20")),
)


class SetupError(Exception):
    """The environment can't be made; the message says what to do."""


def main(words: list[str]) -> int:
    """Make sure of the environment, then do what the words ask for; return the exit status."""
    testing = words[:1] == ["test"]
    try:
        prepare(TEST_PINS if testing else RUN_PINS)
    except (SetupError, OSError) as error:
        say(f"Gridproof can't start: {error}")
        return 3
    except KeyboardInterrupt:
        say("Interrupted; the next start goes on from here.")
        return 130
    if testing:
        return check(words[1:])
    if words:
        return hand_over([PYTHON, "-m", "core", *words])
    return hand_over(
        [PYTHON, "-c", SERVER, "run", ROOT / "app.py", "--server.port", free_port(), *headless()], cwd=ROOT
    )


def prepare(pins: tuple[str, ...]) -> None:
    """Make the environment unless it is complete; one process at a time."""
    if is_complete(pins):
        return
    with one_at_a_time():
        if is_complete(pins):  # another start did it while this one waited
            return
        if not is_usable():
            say("Making the environment in .venv (once) …")
            make_environment()
        say(f"Installing the packages of {' and '.join(pins)} (some minutes the first time) …")
        install(pins)
        stamp(pins).write_text(fingerprint(pins), encoding="utf-8")


def is_complete(pins: tuple[str, ...]) -> bool:
    """Say whether these pins were installed, completely, for this Python."""
    try:
        return PYTHON.exists() and stamp(pins).read_text(encoding="utf-8") == fingerprint(pins)
    except OSError:
        return False


def stamp(pins: tuple[str, ...]) -> Path:
    """Return the file that is written after a complete install."""
    return VENV / f"installed-{Path(pins[-1]).stem}.txt"


def fingerprint(pins: tuple[str, ...]) -> str:
    """Return what the environment depends on: Python's version and the pins."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in pins)
    return f"{version(sys.version_info)} {sha256(text.encode()).hexdigest()}\n"


def version(info: tuple[object, ...]) -> str:
    """Return the part of Python's version that packages depend on."""
    return f"{info[0]}.{info[1]}"


def is_usable() -> bool:
    """Say whether there is an environment of this Python with a working pip, complete or not."""
    probe = [PYTHON, "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == version(sys.version_info)


def make_environment() -> None:
    """Make `.venv` from nothing."""
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], stdout=sys.stderr, check=False)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SetupError(
            "Python could not make a virtual environment (see above). "
            "On Debian and Ubuntu install it with: sudo apt install python3-venv"
        )


def install(pins: tuple[str, ...]) -> None:
    """Install the pinned packages; nothing goes to standard output."""
    files = [word for name in pins for word in ("-r", ROOT / name)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
    done = subprocess.run([PYTHON, "-m", "pip", "install", *quiet, *files], stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SetupError(
            "the packages could not be installed (see above). "
            "Check the network, the proxy (HTTPS_PROXY) and the free disk space and start again: it goes on from here."
        )


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the right to change the environment; it falls back by itself when the process ends, however it ends."""
    with (ROOT / ".venv.lock").open("a") as handle:
        if not take(handle.fileno(), wait=False):
            say("Another start is making the environment; waiting for it …")
            take(handle.fileno(), wait=True)
        yield


def take(handle: int, wait: bool) -> bool:
    """Lock an open file; return whether that worked."""
    if os.name == "nt":
        import msvcrt

        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check(words: list[str]) -> int:
    """Run every check and test, all of them even after a failure; words go to pytest alone."""
    wanted = [("tests", (*CHECKS[-1][1], *words))] if words else CHECKS
    failed = []
    for name, command in wanted:
        say(f"── {name} ──")
        if subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    say(f"FAILED: {', '.join(failed)}" if failed else f"All fine: {', '.join(name for name, _ in wanted)}")
    return 1 if failed else 0


def free_port(wanted: int = 8501) -> int:
    """Return the wanted port on loopback, or any free one when it is taken."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            if os.name != "nt":  # a port whose last connections are still closing is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetupError("no free port on 127.0.0.1")


def headless() -> list[str]:
    """Return the option that keeps the browser closed where there is nobody to look at it."""
    no_screen = sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return ["--server.headless", "true" if os.environ.get("CI") or no_screen else "false"]


def hand_over(command: list[object], cwd: Path | None = None) -> int:
    """Run the program in this one's place and return its exit status."""
    words = [str(word) for word in command]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    if cwd:
        os.chdir(cwd)
    if os.name != "nt":
        os.execve(words[0], words, environment)
    try:
        return subprocess.run(words, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130


def say(text: str) -> None:
    """Tell the person something; standard output belongs to the commands."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
