from pathlib import Path

import pytest

from connector.cli.folder import NOTE, Folder, Written
from connector.errors import ConfigError

FILES = {"project.json": "{}\n", "source/app.xml": "<é/>\n"}


def write(path: Path, files: dict[str, str], owner: str = "acme") -> list[str]:
    return [one.what for one in Folder(path, owner).write(files)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "one" / "two"


def test_a_folder_is_made_and_filled(place: Path):
    assert Folder(place, "acme").write(FILES) == [
        Written("project.json", "new"),
        Written("source/app.xml", "new"),
    ]
    assert {path: (place / path).read_text("utf-8") for path in FILES} == FILES


def test_an_empty_folder_will_do(place: Path):
    place.mkdir(parents=True)
    assert write(place, FILES) == ["new", "new"]


def test_writing_the_same_again_changes_nothing(place: Path):
    write(place, FILES)
    before = {one: one.stat().st_mtime_ns for one in place.rglob("*.xml")}
    assert write(place, FILES) == ["unchanged", "unchanged"]
    assert {one: one.stat().st_mtime_ns for one in place.rglob("*.xml")} == before


def test_what_nobody_touched_is_brought_up_to_date(place: Path):
    write(place, FILES)
    assert write(place, {**FILES, "project.json": "[]\n"}) == ["changed", "unchanged"]
    assert (place / "project.json").read_text() == "[]\n"


def test_a_file_that_was_changed_by_hand_is_left_and_named(place: Path):
    write(place, FILES)
    (place / "source/app.xml").write_text("mine")
    with pytest.raises(ConfigError, match=r"source/app\.xml"):
        write(place, {"project.json": "[]\n", "source/app.xml": "<b/>\n"})
    assert (place / "source/app.xml").read_text() == "mine"
    assert (place / "project.json").read_text() == "{}\n"


def test_a_change_by_hand_that_is_what_is_wanted_is_no_trouble(place: Path):
    write(place, FILES)
    (place / "project.json").write_text("[]\n")
    assert write(place, {**FILES, "project.json": "[]\n"}) == ["unchanged"] * 2


def test_what_others_put_beside_it_stays(place: Path):
    write(place, FILES)
    (place / ".git").mkdir()
    (place / "notes.txt").write_text("mine")
    assert write(place, FILES) == ["unchanged", "unchanged"]
    assert (place / "notes.txt").read_text() == "mine"


def test_what_is_not_wanted_any_more_goes_unless_it_was_changed(place: Path):
    write(place, {**FILES, "old.xml": "<a/>", "kept.xml": "<a/>"})
    (place / "kept.xml").write_text("mine")
    assert write(place, FILES) == ["unchanged", "unchanged", "removed"]
    assert not (place / "old.xml").exists()
    assert (place / "kept.xml").read_text() == "mine"


def test_a_file_that_was_deleted_is_written_again(place: Path):
    write(place, FILES)
    (place / "project.json").unlink()
    assert write(place, FILES) == ["new", "unchanged"]


def test_a_write_that_was_cut_short_is_taken_up_again(place: Path):
    write(place, FILES)
    (place / "source/app.xml").unlink()
    (place / "project.json").write_text("[]\n")
    assert write(place, {**FILES, "project.json": "[]\n"}) == ["unchanged", "new"]


def test_what_was_written_last_is_known_but_not_what_was_changed(place: Path):
    write(place, FILES)
    (place / "project.json").write_text("mine")
    (place / "source" / "app.xml").exists()
    assert Folder(place, "acme").last() == {"source/app.xml": "<é/>\n"}
    assert Folder(place.parent / "other", "acme").last() == {}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda place: (place / "stray").write_text(""), "is not empty"),
        (lambda place: (place / NOTE).write_text("{"), "cannot be understood"),
        (lambda place: (place / NOTE).write_text("[]"), "cannot be understood"),
        (lambda place: write(place, FILES, owner="other"), "of other, not of acme"),
        (lambda place: (place / NOTE).mkdir(), "cannot be read"),
    ],
    ids=["strange", "broken", "other", "another's", "unreadable"],
)
def test_a_folder_that_is_not_ours_is_refused(place: Path, spoil, words: str):
    place.mkdir(parents=True)
    spoil(place)
    with pytest.raises(ConfigError, match=words):
        write(place, FILES)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path):
    (tmp_path / "source").write_text("")
    with pytest.raises(ConfigError, match=str(tmp_path)):
        write(tmp_path / "source", FILES)
