"""Lines of results outlive a kill while they are written, and do not mix with those of another protocol."""

import json

import pytest

from mnemon.errors import InvalidInput
from mnemon.lab import Results

RECORDS = [{"length": 60, "network": k, "success": k % 2 == 0, "epochs": 10 * k} for k in range(4)]
MARKED = [{**record, "protocol": "today"} for record in RECORDS]


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "new" / "folder" / "some.jsonl", "today")


def written(results, lines):
    results.path.parent.mkdir(parents=True, exist_ok=True)
    results.path.write_text("".join(line + "\n" for line in lines))


def test_nothing_is_there_before_anything_is_appended(results):
    assert results.read() == []
    assert not results.path.parent.exists()


def test_what_is_appended_is_read_in_order(results):
    results.append(RECORDS[:3])
    results.append(RECORDS[3:])
    assert results.read() == MARKED
    assert len(results.path.read_text().splitlines()) == 4


def test_numbers_survive_to_the_last_bit(results):
    results.append([{"network": 0, "training_error": 0.1 + 0.2, "epochs": float("nan")}])
    (record,) = results.read()
    assert record["training_error"] == 0.1 + 0.2
    assert record["epochs"] != record["epochs"]


def test_a_last_line_torn_anywhere_is_left_out_and_cut_off_before_the_next(results):
    results.append(RECORDS[:2])
    before = results.path.read_bytes()
    results.append(RECORDS[2:3])
    whole = results.path.read_bytes()
    for end in range(len(before), len(whole)):
        results.path.write_bytes(whole[:end])
        assert results.read() == MARKED[:2]
        results.append(RECORDS[2:])
        assert results.read() == MARKED
        assert results.path.read_bytes().startswith(whole)


def test_a_first_line_that_is_torn_is_cut_off_too(results):
    written(results, [])
    results.path.write_text('{"length": 6')
    assert results.read() == []
    results.append(RECORDS)
    assert results.read() == MARKED


def test_a_torn_line_in_the_middle_is_refused(results):
    lines = [json.dumps(record) for record in MARKED]
    written(results, [lines[0], lines[1][:20], *lines[2:]])
    with pytest.raises(InvalidInput, match=r"some\.jsonl: line 2 is no result of an experiment"):
        results.read()


@pytest.mark.parametrize("line", ["[1, 2]", "7", "null", '"text"', "{}", '{"network": 0}', "mine", "\0\0"])
def test_lines_that_are_no_records_are_refused(line, results):
    written(results, [line, json.dumps(MARKED[0])])
    with pytest.raises(InvalidInput, match="line 1 is no result of an experiment"):
        results.read()


def test_a_file_that_is_no_text_is_refused(results):
    written(results, [])
    results.path.write_bytes(b"\xff\xfe\n" * 3)
    with pytest.raises(InvalidInput, match="line 1 is no result of an experiment"):
        results.read()


def test_results_of_another_protocol_are_refused(results):
    results.append(RECORDS)
    before = results.path.read_bytes()
    with pytest.raises(InvalidInput, match=r"line 1 was made by another protocol \(today, today's is tomorrow\)"):
        Results(results.path, "tomorrow").read()
    assert results.path.read_bytes() == before


def test_empty_lines_do_not_matter(results):
    written(results, [json.dumps(MARKED[0]), "", json.dumps(MARKED[1]), ""])
    assert results.read() == MARKED[:2]
