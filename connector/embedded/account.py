"""Which user runs the embedded servers, and whether it can reach their files.

PostgreSQL refuses to run as root. Under root both servers therefore run as a user of
their own, which must be able to enter the data folder and to read the programs.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from connector.errors import EmbeddedError

USER = "pgserver"


@dataclass(frozen=True, slots=True)
class Account:
    """A user that is not root."""

    uid: int
    gid: int


def find_account() -> Account | None:
    """Return the user that the servers run as; None if it is simply this one.

    Under root the user is made the first time; raises EmbeddedError if it cannot be.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        _add_user()
        entry = pwd.getpwnam(USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _add_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--user-group"]
    try:
        subprocess.run(  # noqa: S603 - fixed words
            [*command, "--shell", "/usr/sbin/nologin", USER],
            check=True,
            capture_output=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the user {USER!r} that would run it"
            f" could not be made ({error}). Start Slagboom as a plain user, or make"
            f" that user yourself."
        ) from None


def make_folder(path: Path, account: Account | None) -> None:
    """Make `path` a folder that only the servers' user may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is None:
        return
    if path.stat().st_uid != account.uid:
        # Another machine or container may have given the user another number.
        for folder, _, files in os.walk(path):
            for name in (".", *files):
                os.chown(
                    Path(folder, name), account.uid, account.gid, follow_symlinks=False
                )
    path.chmod(0o700)


def demand_reachable(home: Path, account: Account | None) -> None:
    """Raise EmbeddedError if the servers' user cannot enter the data folder `home`."""
    if account is None:
        return
    home.chmod(stat.S_IMODE(home.stat().st_mode) | 0o011)
    if (closed := find_closed(home, account)) is not None:
        raise EmbeddedError(
            f"The data folder {home} lies below {closed}, which only its owner may"
            f" enter. PostgreSQL does not run as root; it would run as {USER!r}, which"
            " cannot get there. Name another folder, e.g."
            " SLAGBOOM_HOME=/var/lib/slagboom, or start Slagboom as a plain user."
        )


def find_closed(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way to `path` that `account` cannot enter."""
    for folder in (*reversed(path.parents), path):
        if not _may(folder, account, read=0, enter=1):
            return folder
    return None


def place_program(program: Path, home: Path, account: Account | None) -> Path:
    """Return a folder with the content of `program` that the servers' user can read.

    That is `program` itself or, if it lies where that user cannot get (a virtual
    environment below root's home), a copy in `home`, made once for each version.
    """
    if account is None or _is_usable(program, account):
        return program
    changed = int(program.stat().st_mtime)
    copy = home / "programs" / f"{program.name}-{changed}"
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, exist_ok=True)
        copy.parent.chmod(0o755)
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(program, fresh, symlinks=True)
        for folder, _, files in os.walk(fresh):
            for name in (".", *files):
                _open_up(Path(folder, name))
        fresh.rename(copy)
    return copy


def _open_up(path: Path) -> None:
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(stat.S_IMODE(mode) | (0o055 if mode & stat.S_IXUSR else 0o044))


def _is_usable(program: Path, account: Account) -> bool:
    if find_closed(program, account) is not None:
        return False
    files = [path for path in program.glob("*/*") if not path.is_dir()]
    files += [path for path in program.glob("*") if not path.is_dir()]
    return all(
        _may(path, account, read=4, enter=1 if path.stat().st_mode & 0o100 else 0)
        for path in files
    )


def _may(path: Path, account: Account, *, read: int, enter: int) -> bool:
    found = path.stat()
    wanted = read | enter
    if found.st_uid == account.uid:
        return found.st_mode >> 6 & wanted == wanted
    if found.st_gid == account.gid:
        return found.st_mode >> 3 & wanted == wanted
    return found.st_mode & wanted == wanted
