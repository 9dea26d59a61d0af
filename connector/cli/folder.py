"""Files that a command writes into a folder of the admin's, and later writes anew.

What was written is noted in a file of its own, so that what the admin changed since is
known, and never lost.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from connector.errors import ConfigError

NOTE = ".slagboom.json"


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to one file: it is `new`, `changed`, `unchanged` or `removed`."""

    path: str
    what: str


class Folder:
    """A folder that holds the files of one `owner`, and perhaps others beside them."""

    def __init__(self, path: Path, owner: str) -> None:
        """Look what is there. Raises ConfigError if the folder is somebody else's."""
        self._path = path
        self._owner = owner
        self._noted: Mapping[str, str] = self._read_note()

    def last(self) -> dict[str, str]:
        """Return the files that are as they were last written, each text by its path.

        Raises ConfigError if one cannot be read.
        """
        found = {path: self._read(path) for path in self._noted}
        return {
            path: body.decode()
            for path, body in found.items()
            if body is not None and _digest(body) == self._noted[path]
        }

    def write(self, files: Mapping[str, str]) -> list[Written]:
        """Bring the folder up to date and return what happened to each file.

        Raises ConfigError, before anything is written, if a file was changed by
        somebody else since, or if the folder cannot be written to.
        """
        found = {path: self._read(path) for path in {**self._noted, **files}}
        if changed := [*self._changed(found, files)]:
            raise ConfigError(
                f"Changed by hand, and left as they are: {', '.join(changed)}. Nothing"
                " was written. Move these files elsewhere and type the command again,"
                " then carry your changes over; or name another folder."
            )
        noted = {path: _digest(text.encode()) for path, text in files.items()}
        try:
            if not self._noted:
                # Whose folder it is, in case the rest is not reached.
                self._write(NOTE, self._note(noted))
            done = [
                *self._write_all(files, found),
                *self._remove_all(files, found),
            ]
            self._write(NOTE, self._note(noted))
        except OSError as error:
            raise self._cannot("written to", error) from None
        return done

    def _changed(
        self, found: Mapping[str, bytes | None], files: Mapping[str, str]
    ) -> Iterator[str]:
        for path, text in files.items():
            body = found[path]
            if body is None or body == text.encode():
                continue
            if _digest(body) != self._noted.get(path):
                yield path

    def _write_all(
        self, files: Mapping[str, str], found: Mapping[str, bytes | None]
    ) -> Iterator[Written]:
        for path, text in files.items():
            if found[path] == text.encode():
                yield Written(path, "unchanged")
                continue
            self._write(path, text)
            yield Written(path, "new" if found[path] is None else "changed")

    def _remove_all(
        self, files: Mapping[str, str], found: Mapping[str, bytes | None]
    ) -> Iterator[Written]:
        for path, digest in self._noted.items():
            body = found[path]
            if path not in files and body is not None and _digest(body) == digest:
                self._path.joinpath(path).unlink()
                yield Written(path, "removed")

    def _read_note(self) -> dict[str, str]:
        body = self._read(NOTE)
        if body is None:
            self._demand_empty()
            return {}
        try:
            note: Any = json.loads(body)
            owner, files = note["owner"], dict(note["files"])
        except (ValueError, TypeError, KeyError):
            raise ConfigError(
                f"{self._path / NOTE} cannot be understood, so what was changed by hand"
                " cannot be told. Name another folder."
            ) from None
        if owner != self._owner:
            raise ConfigError(
                f"{self._path} holds the project of {owner}, not of {self._owner}."
                " Name another folder."
            )
        return files

    def _demand_empty(self) -> None:
        try:
            is_empty = not self._path.exists() or not any(self._path.iterdir())
        except OSError as error:
            raise self._cannot("read", error) from None
        if not is_empty:
            raise ConfigError(
                f"{self._path} is not empty, and nothing in it tells that it was made"
                " by this command. Name a folder that is new or empty."
            )

    def _read(self, path: str) -> bytes | None:
        try:
            return self._path.joinpath(path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._cannot("read", error) from None

    def _write(self, path: str, text: str) -> None:
        target = self._path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())

    def _note(self, files: Mapping[str, str]) -> str:
        return json.dumps({"owner": self._owner, "files": files}, indent=2) + "\n"

    def _cannot(self, what: str, error: OSError) -> ConfigError:
        return ConfigError(
            f"{self._path} cannot be {what} ({error.strerror}). Name another folder, or"
            " have its rights changed."
        )


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()
