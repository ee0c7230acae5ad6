"""The journal's files: what was appended is read back, whatever became of the rest."""

import errno
import os
import shutil
import stat

import pytest

from server.journal import journal as journal_module
from server.journal.journal import Journal
from server.journal.left import discard, segments, unsettled
from server.journal.segment import Segment, read

PAYLOADS = [b"one", b"", b"three" * 50]


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def begin(directory):
    """Make a journal that has begun; all are closed at the end."""
    begun = []

    def begin(first=1, syncs=False):
        journal = Journal(directory, b"heading", syncs=syncs)
        journal.begin(first)
        begun.append(journal)
        return journal

    yield begin
    for journal in begun:
        journal.close(is_empty=False)


@pytest.fixture
def small(monkeypatch):
    """Segments of one append each."""
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 2)


def left(directory, marks=None):
    """All payloads that are not settled, by number."""
    found = [unsettled(path, marks or {}) for path in segments(directory)]
    return {record.number: bytes(record.payload) for one in found for record in one.records}


def only_segment(directory):
    (path,) = segments(directory)
    return path


def test_what_was_appended_is_read_back(begin, directory):
    journal = begin(first=7)
    assert (journal.append(PAYLOADS[:2]), journal.append(PAYLOADS[2:])) == (7, 9)
    contents = read(only_segment(directory))
    assert (contents.journal, contents.heading) == (journal.id, b"heading")
    assert left(directory) == dict(zip((7, 8, 9), PAYLOADS, strict=True))
    assert (contents.torn, contents.damaged) == (0, 0)


def test_only_its_owner_may_read_it(begin, directory):
    begin()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_segment(directory).stat().st_mode) == 0o600


def test_a_torn_tail_costs_only_the_records_in_it(begin, directory):
    begin().append(PAYLOADS)
    path = only_segment(directory)
    whole, records = path.read_bytes(), read(path).records
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        complete = [record.number for record in records if record.end <= size]
        assert list(left(directory)) == complete
        contents = read(path)
        end = records[len(complete) - 1].end if complete else records[0].start
        assert contents.torn + contents.damaged == (size - end if size >= end else size)
        assert contents.damaged == 0 or 46 < size < records[0].start  # in the heading


def test_a_changed_byte_costs_only_its_record(begin, directory):
    begin().append(PAYLOADS)
    path = only_segment(directory)
    whole, records = path.read_bytes(), read(path).records
    for at in range(records[0].start, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        hit = next(record for record in records if record.end > at)
        assert list(left(directory)) == [n for n in (1, 2, 3) if n != hit.number]
        contents = read(path)
        assert contents.torn + contents.damaged == hit.end - hit.start


def test_a_changed_head_costs_no_record(begin, directory):
    journal = begin()
    journal.append(PAYLOADS)
    path = only_segment(directory)
    whole, start = path.read_bytes(), read(path).records[0].start
    for at in range(start):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        contents = read(path)
        assert list(left(directory)) == [1, 2, 3]
        assert list(left(directory, {journal.id: 2})) == [3]
        assert (contents.torn, contents.damaged) == (0, start)


def test_what_is_no_segment_is_left_alone(begin, directory):
    begin().append(PAYLOADS)
    (directory / "notes.log").write_text("mine")
    (directory / f"{'0' * 20}-{'0' * 32}.log").mkdir()
    assert list(left(directory)) == [1, 2, 3]


def test_a_journal_that_starts_over_leaves_what_is_there_to_the_next_start(begin, directory):
    journal = begin()
    journal.append([b"before"])
    former = journal.id
    journal.start_over()
    assert journal.append([b"after"]) == 2
    assert journal.id != former
    journal.forget(2)
    assert left(directory, {journal.id: 2}) == {1: b"before"}
    journal.close(is_empty=True)
    assert left(directory) == {1: b"before"}


def test_a_directory_whose_place_something_else_takes_is_waited_for(begin, directory, tmp_path):
    journal = begin()
    journal.append([b"a"])
    directory.rename(tmp_path / "elsewhere")
    directory.touch()
    assert not journal.is_there()
    with pytest.raises(FileExistsError):
        journal.append([b"b"])
    directory.unlink()
    assert journal.append([b"c"]) == 2
    assert journal.is_there()


def test_a_record_of_another_journal_is_none(begin, directory, tmp_path):
    begin().append([b"theirs"])
    record = read(only_segment(directory)).records[0]
    theirs = only_segment(directory).read_bytes()[record.start :]
    shutil.rmtree(directory)
    begin().append([b"ours"])
    path = only_segment(directory)
    path.write_bytes(path.read_bytes() + theirs.replace(b"\1", b"\2"))
    assert left(directory) == {1: b"ours"}


def test_a_payload_that_looks_like_a_record_is_not_read_as_one(begin, directory):
    begin().append([b"inner"])
    path = only_segment(directory)
    inner = path.read_bytes()[read(path).records[0].start :]
    begin(first=2).append([inner])
    assert left(directory) == {1: b"inner", 2: inner}


def test_what_is_settled_is_known_by_the_journals_id(begin, directory):
    journal = begin()
    journal.append(PAYLOADS)
    assert list(left(directory, {journal.id: 2})) == [3]
    assert list(left(directory, {journal.id: 9})) == []
    assert list(left(directory, {"of another": 9})) == [1, 2, 3]
    assert journal.id != begin(first=4).id


def test_segments_follow_each_other(begin, directory, small):
    journal = begin()
    for payload in PAYLOADS:
        journal.append([payload])
    assert [int(path.stem[:20]) for path in segments(directory)] == [1, 2, 3]
    assert left(directory) == dict(zip((1, 2, 3), PAYLOADS, strict=True))


def test_only_what_is_wholly_settled_is_forgotten_and_never_the_last(begin, directory, small):
    journal = begin()
    for _ in range(3):
        journal.append([b"a", b"b"])
    journal.forget(3)
    assert list(left(directory)) == [3, 4, 5, 6]
    journal.forget(6)
    assert list(left(directory)) == [5, 6]
    journal.append([b"c"])
    assert list(left(directory)) == [5, 6, 7]


def test_what_fills_more_than_a_segment_is_taken_by_several(begin, directory):
    journal = begin()
    payloads = [bytes([number]) * 1_500_000 for number in range(6)]
    assert (journal.append(payloads[:5]), journal.append(payloads[5:])) == (1, 6)
    assert [int(path.stem[:20]) for path in segments(directory)] == [1, 3, 5]
    assert left(directory) == dict(zip(range(1, 7), payloads, strict=True))
    journal.forget(2)
    assert list(left(directory)) == [3, 4, 5, 6]


def test_a_journal_that_ends_empty_leaves_nothing(begin, directory, small):
    journal = begin()
    journal.append([b"a"])
    journal.append([b"b"])
    journal.close(is_empty=True)
    assert not directory.exists()


def test_a_journal_that_ends_with_something_in_it_keeps_it(begin, directory):
    journal = begin()
    journal.append([b"a"])
    journal.close(is_empty=False)
    assert left(directory) == {1: b"a"}


@pytest.fixture
def half_fails(monkeypatch):
    """Append what is written to its half only; where not `can_cut`, nor can the half be cut."""
    real = os.write

    def half(descriptor, data):
        if len(data) > 40:
            return real(descriptor, bytes(data[:40]))
        raise OSError(errno.ENOSPC, "full")

    def cannot(descriptor, size):
        raise OSError(errno.EIO, "no")

    def half_fails(journal, can_cut):
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", half)
            if not can_cut:
                patch.setattr(os, "ftruncate", cannot)
            with pytest.raises(OSError, match="full"):
                journal.append([b"lost" * 100])

    return half_fails


@pytest.mark.parametrize("can_cut", [True, False])
def test_a_write_that_fails_half_way_costs_nothing_but_itself(
    begin, directory, half_fails, can_cut
):
    journal = begin()
    journal.append([b"before"])
    half_fails(journal, can_cut)
    assert journal.append([b"after"]) == 3
    half_fails(journal, can_cut=True)
    assert journal.append([b"last"]) == 5
    assert left(directory) == {1: b"before", 3: b"after", 5: b"last"}
    assert (read(only_segment(directory)).damaged == 0) == can_cut


def test_a_segment_that_cannot_be_made_is_tried_again(begin, directory, small, monkeypatch):
    journal = begin()
    journal.append([b"a"])
    monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, "no")))
    with pytest.raises(OSError, match="no"):
        journal.append([b"lost"])
    monkeypatch.undo()
    journal.append([b"b"])
    assert left(directory) == {1: b"a", 2: b"b"}


def test_a_deleted_segment_is_noticed_and_another_one_begun(begin, directory):
    journal = begin()
    journal.append([b"gone"])
    assert journal.is_there()
    shutil.rmtree(directory)
    assert not journal.is_there()
    journal.append([b"here"])
    assert journal.is_there()
    assert left(directory) == {2: b"here"}


def test_after_a_failed_sync_a_new_segment_begins(begin, directory, monkeypatch):
    journal = begin(syncs=True)
    journal.append([b"a"])
    monkeypatch.setattr(os, "fdatasync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "no")))
    with pytest.raises(OSError, match="no"):
        journal.sync()
    monkeypatch.undo()
    journal.append([b"b"])
    assert len(segments(directory)) == 2
    journal.sync()
    assert left(directory) == {1: b"a", 2: b"b"}


def test_a_segment_that_is_ended_under_a_look_is_not_taken_for_deleted(begin, monkeypatch, small):
    journal = begin()
    journal.append(PAYLOADS)
    look = Segment.is_there

    def slow_look(segment):
        monkeypatch.setattr(Segment, "is_there", look)
        journal.append(PAYLOADS)  # by the other thread, into a new segment
        return segment.is_there()

    monkeypatch.setattr(Segment, "is_there", slow_look)
    assert journal.is_there()


def test_a_sync_takes_in_the_segments_before(begin, monkeypatch, small):
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    journal = begin(syncs=True)
    for _ in range(3):
        journal.append([b"a"])
    journal.sync()
    assert len(set(synced)) == 3
    journal.sync()
    assert len(synced) == 4


def test_a_damaged_segment_is_kept_beside_where_that_is_asked_for(begin, directory):
    begin().append(PAYLOADS)
    path = only_segment(directory)
    discard(path, keep_copy=True)
    assert segments(directory) == []
    assert path.with_suffix(".damaged").exists()


def test_where_there_is_no_directory_there_are_no_segments(directory):
    assert segments(directory) == []
