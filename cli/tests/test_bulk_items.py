"""The items of `workers efactura bulk`: where they lie, what becomes of broken ones, their ids."""

import asyncio
import errno
import json
import os
import re
from pathlib import Path

import pytest

from workers_cli.bulk import source
from workers_cli.bulk.making import Broken, Made, maker
from workers_cli.bulk.report import Report, lines
from workers_cli.bulk.source import places
from workers_cli.bulk.telling import broken_line
from workers_cli.errors import ConfigurationError, InputError

CIF = "12345674"
XML = "<Invoice>ș</Invoice>"


@pytest.fixture
def make():
    """Make the items of a source, as `bulk` does."""

    def made(path: Path, *, validate_only=False, cif=CIF, tenant=None, artifacts_url=None):
        how = maker(
            validate_only=validate_only, cif=cif, tenant=tenant, artifacts_url=artifacts_url
        )
        return [asyncio.run(how.make(place)) for place in places(str(path))]

    return made


def written(path: Path, *rows) -> Path:
    texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_folder_has_its_xml_files_in_order_also_from_inside(alone: Path):
    (alone / "b").mkdir()
    for name in ("z.xml", "b/a.XML", "a.xml", "notes.txt", "c.xml.bak"):
        (alone / name).write_text(XML, encoding="utf-8")
    assert [place.name for place in places(".")] == ["a.xml", "b/a.XML", "z.xml"]


def test_folder_inside_that_cannot_be_read_is_told_and_not_left_out(alone: Path, monkeypatch):
    (alone / "b").mkdir()
    (alone / "a.xml").write_text(XML, encoding="utf-8")
    real = os.scandir

    def scan(path="."):
        if Path(path).name == "b":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(InputError, match="b cannot be read: Permission denied"):
        places(".")


@pytest.mark.parametrize("name", ["nowhere", "empty", "blank.jsonl"])
def test_source_without_items_is_told(alone: Path, name):
    (alone / "empty").mkdir()
    (alone / "blank.jsonl").write_text("\n  \n\r\n")
    with pytest.raises(InputError, match=name):
        places(name)


def test_lines_keep_their_numbers(alone: Path, monkeypatch):
    # A chunk of the file may end anywhere.
    monkeypatch.setattr(source, "_CHUNK", 3)
    (alone / "f.jsonl").write_bytes(b'{"a": 1}\r\n\n  \n{"b": "\xc8\x99\x0b\x85"}\n{"c": 3}')
    found = places("f.jsonl")
    assert [place.name for place in found] == ["f.jsonl:1", "f.jsonl:4", "f.jsonl:5"]
    assert [place.read().strip()[:4] for place in found] == [b'{"a"', b'{"b"', b'{"c"']


def test_broken_lines_are_told_with_number_and_field(alone: Path, make, monkeypatch):
    path = written(
        alone / "f.jsonl",
        {"xml": XML},
        "{not json",
        "[1]",
        {"xml": XML, "colour": "red"},
        {"cif": "12345678", "xml": XML},
        {"item": "invoice 6"},
        {"xml": ""},
        '{"xml": "' + "x" * 500 + '"}',
        {"xml": XML},
    )
    monkeypatch.setattr(source, "MAX_LINE", 400)
    made = make(path)
    assert [type(one) for one in made] == [Made, *[Broken] * 5, Made, Broken, Made]
    errors = [one.error for one in made if isinstance(one, Broken)]
    assert "line 2 is not JSON: Expecting property name" in errors[0].message
    assert "line 3 is not one JSON object" in errors[1].message
    assert (errors[2].code, errors[2].field) == ("invalid_command", "colour")
    assert errors[3].field == "cif"
    assert made[5].name == "invoice 6"
    assert "line 8 has 512 bytes" in errors[5].message


def test_files_that_are_no_xml_are_told(alone: Path, make):
    (alone / "in").mkdir()
    for name, content in (
        ("1.xml", b"%PDF-1.7"), ("2.xml", b" \n"), ("3.xml", b"<x/>"),
        ("4.xml", b"\xef\xbb\xbf<x/>"), ("5.xml", b"x" * (10 * 1024 * 1024 + 1)),
    ):  # fmt: skip
        (alone / "in" / name).write_bytes(content)
    (alone / "in" / "6.xml").symlink_to(alone / "gone.xml")
    made = make(alone / "in")
    assert [type(one) for one in made] == [Broken, Broken, Made, Made, Broken]
    assert "not XML" in made[0].error.message
    assert "is empty" in made[1].error.message
    assert "ANAF takes" in made[4].error.message or "not XML" in made[4].error.message


def test_file_that_may_not_be_read_stops_no_other(alone: Path, make, monkeypatch):
    (alone / "in").mkdir()
    for name in ("1.xml", "2.xml"):
        (alone / "in" / name).write_text(XML, encoding="utf-8")

    def read(self):
        if self.name == "1.xml":
            raise PermissionError(13, "Permission denied")
        return self.path.read_bytes()

    monkeypatch.setattr(source.Place, "read", read)
    first, second = make(alone / "in")
    assert "Permission denied" in first.error.message
    assert isinstance(second, Made)


def test_an_accountant_reads_whole_romanian_of_each_broken_item(alone: Path, make, monkeypatch):
    path = written(
        alone / "f.jsonl",
        "{not json",
        "[1]",
        {"xml": XML, "colour": "red"},
        '{"xml": "' + "x" * 500 + '"}',
        {"xml": "ș" * 140_000},
    )
    lines_found = make(path)
    monkeypatch.setattr(source, "MAX_LINE", 400)
    lines_found += [one for one in make(path) if isinstance(one, Broken)]
    (alone / "in").mkdir()
    (alone / "in" / "1.xml").write_bytes(b" ")
    (alone / "in" / "2.xml").write_bytes(b"<x/>" + b" " * (10 * 1024 * 1024))
    found = [one for one in (*lines_found, *make(alone / "in")) if isinstance(one, Broken)]
    told = [broken_line("x", "", one.error)["errors"][0] for one in found]
    assert len({one["message"] for one in told}) >= 7
    for one in told:
        assert one["message"][-1] == one["mend"][-1] == "."
        assert not re.search(r"\b(is|has|not|the|line|limit is|makes|must|give)\b", one["message"])
        assert not re.search("[ăâîșț]", one["message_en"] + one["mend_en"])
    assert "colour" in next(one for one in told if one["rule"] == "invalid_command")["message"]


def test_id_follows_from_what_is_filed_for_whom(alone: Path, make):
    (alone / "in").mkdir()
    (alone / "in" / "a.xml").write_text(XML, encoding="utf-8")
    (alone / "in" / "b.xml").write_text(XML, encoding="utf-8")
    (alone / "in" / "c.xml").write_text(XML + " ", encoding="utf-8")

    def ids(**options):
        return [one.message_id for one in make(alone / "in", **options)]

    usual = ids()
    assert usual[0] == usual[1] != usual[2]
    assert ids() == usual
    others = [ids(cif="87654329"), ids(tenant="acme"), ids(validate_only=True)]
    assert len({usual[0], *(other[0] for other in others)}) == 4


def test_order_of_a_lines_fields_and_its_name_change_nothing(alone: Path, make):
    path = written(
        alone / "f.jsonl",
        {"cif": CIF, "xml": XML},
        {"xml": XML, "cif": CIF, "item": "same"},
        {"xml": XML},
        {"xml": XML, "b2c": True},
    )
    one, two, three, other = make(path)
    assert one.message_id == two.message_id == three.message_id != other.message_id
    assert two.name == "same"
    assert json.loads(one.body) == {"cif": CIF, "xml": XML}


def test_line_for_filing_may_be_judged(alone: Path, make):
    path = written(
        alone / "f.jsonl", {"xml": XML, "b2c": True, "enforcement": True}, {"xml": XML, "b2": 1}
    )
    good, bad = make(path, validate_only=True, cif=None)
    assert json.loads(good.body) == {"xml": XML}
    assert bad.error.field == "b2"


def test_large_document_needs_the_store_and_keeps_its_id_wherever_that_lies(alone: Path, make):
    large = "<x>" + "y" * (129 * 1024) + "</x>"
    (alone / "in").mkdir()
    (alone / "in" / "large.xml").write_text(large)
    path = written(alone / "f.jsonl", {"xml": large})
    for where in (alone / "in", path):
        (broken,) = make(where)
        assert broken.error.code == "body_too_large"
        assert "ARTIFACTS_URL" in broken.error.next_step
        (one,) = make(where, artifacts_url=f"file://{alone}/one")
        (two,) = make(where, artifacts_url=f"file://{alone}/two")
        kept = json.loads(one.body)["artifact"]["uri"].removeprefix("file://")
        assert Path(kept).read_text() == large
        assert one.message_id == two.message_id
        (wrong,) = make(where, artifacts_url="ftp://x")
        assert wrong.error.code == "configuration"


def test_json_invoice_that_fits_no_message_is_told(alone: Path, make):
    path = written(alone / "f.jsonl", {"invoice": {"note": "x" * 300_000}})
    assert make(path)[0].error.code == "body_too_large"


def line(item: str, outcome: str, identity: str = "id-1", **more) -> dict:
    return {"item": item, "message_id": identity, "sha256": "s", "outcome": outcome, **more}


def test_report_remembers_what_ended_and_what_began(alone: Path):
    path = alone / "r.jsonl"
    states = [{"state": "sent", "at": "t"}]
    with Report(path) as report:
        report.write(line("a", "pending", states=states))
        report.write(line("a", "accepted"))
        report.write(line("b", "pending", "id-2", states=states, upload_index="5"))
        report.write(line("c", "failed", "id-3"))
        report.write({"item": "d", "message_id": None, "sha256": "s4", "outcome": "broken"})
    with Report(path) as report:
        assert report.outcome("a", "id-1") == "accepted"
        assert report.outcome("a", "id-9") is None
        assert report.outcome("d", "s4") == "broken"
        assert report.begun("id-1") is None
        assert report.begun("id-2") == {"states": states, "upload_index": "5"}
        # It may have been replayed since: it is asked about again.
        assert report.outcome("c", "id-3") is None
        assert report.begun("id-3") is not None
    assert [one["item"] for one in lines(path)] == ["a", "b", "c", "d"]


def test_half_a_line_of_a_killed_run_is_none(alone: Path):
    path = alone / "r.jsonl"
    whole = json.dumps(line("a", "accepted")) + "\n"
    path.write_text(whole + '{"item": "b", "outc')
    with Report(path) as report:
        assert report.outcome("a", "id-1") == "accepted"
        report.write(line("b", "accepted", "id-2"))
    with Report(path) as report:
        assert report.outcome("b", "id-2") == "accepted"


def test_report_has_one_writer(alone: Path):
    with Report(alone / "r.jsonl"), pytest.raises(ConfigurationError, match="another run"):
        Report(alone / "r.jsonl")
    with Report(alone / "r.jsonl"):
        pass


def test_other_file_is_not_taken_for_a_report(alone: Path):
    (alone / "notes.txt").write_text("keep me\n")
    with pytest.raises(InputError, match="not a report"):
        Report(alone / "notes.txt")
    assert (alone / "notes.txt").read_text() == "keep me\n"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Report(alone / "none" / "r.jsonl")


def test_folder_does_not_say_for_whom(offline, alone: Path):
    (alone / "a.xml").write_text(XML, encoding="utf-8")
    ran = offline("efactura", "bulk", ".", "--report", "r.jsonl", "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert "--cif" in ran.error["next"]
    assert not Path("r.jsonl").exists()


def test_broker_that_is_away_ends_the_command_at_once(offline, alone: Path):
    (alone / "a.xml").write_text(XML, encoding="utf-8")
    ran = offline("efactura", "bulk", ".", "--report", "r.jsonl", "--cif", CIF, "--json")
    assert (ran.code, ran.error["code"]) == (2, "broker_unreachable")
