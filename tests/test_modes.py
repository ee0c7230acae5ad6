"""Who may read the files: they hold what people wrote."""

import os
import stat
from pathlib import Path

import pytest

from server.normalise import Normaliser
from server.store.writer import SqliteStore

from .process import serving

TRACE = Normaliser(1000, 1000).trace({"provider": "openai", "model": "gpt-4o"}, "native")


@pytest.fixture
def umask():
    """Set the umask; put back at the end."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def modes(path):
    return {end: mode(f"{path}{end}") for end in ("", "-wal", "-shm")}


def opened(path, **options):
    store = SqliteStore(str(path), **options)
    store.open()
    store.write([TRACE])
    return store


@pytest.mark.parametrize(
    ("mask", "wanted"), [(0o000, 0o640), (0o022, 0o640), (0o027, 0o640), (0o077, 0o600)]
)
def test_a_new_database_is_for_its_owner_and_group(mask, wanted, umask, database):
    umask(mask)
    store = opened(database)
    assert modes(database) == dict.fromkeys(("", "-wal", "-shm"), wanted)
    store.close()
    assert mode(database) == wanted


def test_a_database_that_is_there_keeps_its_mode(umask, database):
    opened(database).close()
    os.chmod(database, 0o664)
    store = opened(database)
    assert modes(database) == dict.fromkeys(("", "-wal", "-shm"), 0o664)
    store.close()


def test_a_new_one_in_place_of_a_damaged_one_has_that_mode_too(umask, database):
    Path(database).write_bytes(b"damaged" * 1000)
    opened(database, set_aside_damaged=True).close()
    assert mode(database) == 0o640


def test_a_new_one_in_place_of_a_deleted_one_has_that_mode_too(umask, database):
    store = opened(database)
    for end in ("", "-wal", "-shm"):
        os.unlink(database + end)
    with pytest.raises(Exception, match="deleted or replaced"):
        store.write([TRACE])
    store.write([TRACE])
    assert modes(database) == dict.fromkeys(("", "-wal", "-shm"), 0o640)
    store.close()


def test_a_link_to_nothing_makes_the_file_where_it_leads_with_that_mode(umask, tmp_path):
    (tmp_path / "t.db").symlink_to("real.db")
    opened(tmp_path / "t.db").close()
    assert mode(tmp_path / "real.db") == 0o640


@pytest.mark.slow
def test_no_file_of_a_running_service_is_for_all(umask, database, tmp_path):
    with serving(database) as service:
        service.post("/v1/traces", {"provider": "openai", "model": "gpt-4o"})
        found = [path for path in tmp_path.rglob("t.db*") if mode(path) & 0o007]
        assert found == []
        assert mode(f"{database}.lock") == 0o600
