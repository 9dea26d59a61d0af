"""Make `.venv` from the locked requirements: `python3 .ci/install.py`.

Needs Python 3.11 or later and pip, nothing else. The work is done by uv, which is
fetched into `.tools` first and told what pip has been configured to use; where uv is
not to be had, pip does it, more slowly. Every download is checked against its hash.
"""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS, VENV = ROOT / ".tools", ROOT / ".venv"
UV, PYTHON = TOOLS / "bin" / "uv", VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.lock"
TOOLS_LOCK = ROOT / ".ci" / "tools.lock"
OLDEST = (3, 11)

# Debian's pip may refuse to install even into a folder of our own.
PIP_ENV = {
    **os.environ,
    "PIP_BREAK_SYSTEM_PACKAGES": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}
# What pip calls a setting, and the variable in which uv wants it.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
# uv takes these apart at commas, pip's configuration at white space.
LISTS = frozenset({"UV_FIND_LINKS", "UV_INSECURE_HOST"})


def main() -> int:
    """Install; return the exit code."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        return _fail(
            f"Slagboom needs Python 3.11 or later, and this is {found}. Name another"
            " one: make PYTHON=python3.11 ..."
        )
    if not _can_pip():
        return _fail(
            f"{sys.executable} has no pip. Install it (on Debian: apt-get install"
            " python3-pip) and try again."
        )
    try:
        if _find_uv():
            _install_with_uv()
        else:
            _install_with_pip()
    except subprocess.CalledProcessError as error:
        return _fail(f"The installation stopped at: {' '.join(map(str, error.cmd))}")
    return 0


def _fail(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


def _run(*command: str | Path, env: Mapping[str, str] | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env=env)


def _can_pip() -> bool:
    command = [sys.executable, "-m", "pip", "--version"]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def _find_uv() -> bool:
    """Fetch uv into `.tools`, unless it is there; say whether it can be used."""
    if not UV.exists():
        sys.stderr.write("Fetching uv.\n")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade"]
        command += ["--require-hashes", "--requirement", str(TOOLS_LOCK)]
        subprocess.run(
            [*command, "--target", str(TOOLS)], env=PIP_ENV, check=False, cwd=ROOT
        )
    if not UV.exists():
        return False
    said = subprocess.run([str(UV), "--version"], capture_output=True, check=False)
    return said.returncode == 0


def _install_with_uv() -> None:
    env = {
        **os.environ,
        **_to_uv(_read_pip_configuration()),
        "UV_PYTHON_DOWNLOADS": "never",
        # As pip does it; the hashes say which file is meant.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    env.pop("VIRTUAL_ENV", None)
    if not PYTHON.exists():
        _run(
            UV, "venv", "--quiet", "--clear", "--python", sys.executable, VENV, env=env
        )
    install = (UV, "pip", "install", "--quiet", "--python", PYTHON)
    _run(*install, "--require-hashes", "--requirement", LOCK, env=env)
    _run(*install, "--no-deps", "--no-build-isolation", "--editable", ".", env=env)


def _install_with_pip() -> None:
    sys.stderr.write("uv is not to be had here, so pip installs; this takes longer.\n")
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        # With its own pip it would need a package that Debian leaves out.
        _run(sys.executable, "-m", "venv", "--without-pip", VENV)
    install = (sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet")
    _run(*install, "--require-hashes", "--requirement", LOCK, env=PIP_ENV)
    _run(*install, "--no-deps", "--no-build-isolation", "--editable", ".", env=PIP_ENV)


def _read_pip_configuration() -> dict[str, str]:
    """Return pip's settings by name, the environment's before the files'."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in said.stdout.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(f"{section}."):
                found[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return found


def _to_uv(settings: Mapping[str, str]) -> dict[str, str]:
    """Return pip's settings as variables of uv; what is set for uv itself wins."""
    variables: dict[str, str] = {}
    for name, variable in SETTINGS.items():
        value = " ".join(settings.get(name, "").split())
        if value and variable not in os.environ:
            variables[variable] = (
                value.replace(" ", ",") if variable in LISTS else value
            )
    return variables


if __name__ == "__main__":
    sys.exit(main())
