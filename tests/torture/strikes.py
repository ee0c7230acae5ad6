"""The ways to strike the service down. Each takes a scene, and leaves no process running."""

from collections.abc import Callable

from ..process import wait_until
from . import Violation
from .payloads import Payloads
from .place import Place
from .scene import Scene
from .traffic import Connection


def traffic(scene: Scene) -> None:
    """SIGKILL at a random moment of traffic."""
    with scene.traffic():
        scene.pause(0.05, 0.8)
        scene.kill()


def commit(scene: Scene) -> None:
    """SIGKILL when the write-ahead log has just grown."""
    with scene.traffic():
        scene.pause(0.05, 0.3)
        scene.await_a_commit()
        scene.kill()


def backlog(scene: Scene) -> None:
    """SIGKILL when all that waited for a lock begins to be written, or a moment later."""
    with scene.lock() as lock, scene.traffic():
        scene.pause(0.3, 1.0)
        lock.release()
        if scene.random.random() < 0.7:
            scene.await_a_commit()
        scene.kill()


def replay(scene: Scene) -> None:
    """SIGKILL once more while the next start stores what the journal has."""
    with scene.lock() as lock:
        _start_a_replay(scene)
        lock.release()
        if scene.random.random() < 0.8:
            scene.await_a_commit()
        scene.kill()


def answer(scene: Scene) -> None:
    """SIGKILL directly after an answer."""
    connection = Connection(scene.life.service.url)
    payloads = Payloads(scene.random)
    for _ in range(scene.random.randint(1, 30)):
        connection.post(payloads.single())
    scene.kill()
    connection.close()
    scene.books.add(connection.accepted)


def twice(scene: Scene) -> None:
    """SIGKILL of the next process as well, before or just after it listens."""
    with scene.traffic():
        scene.pause(0.05, 0.5)
        scene.kill()
    scene.start()
    scene.pause(0.1, 0.8)
    scene.kill()


def stop(scene: Scene) -> None:
    """SIGTERM under load: all is stored, in one file."""
    with scene.traffic():
        scene.pause(0.05, 0.8)
        scene.stop()
    if not scene.life.says("are left in the journal"):  # on a slow machine some may be
        check_one_file(scene.place)


def stop_locked(scene: Scene) -> None:
    """SIGTERM with the database locked for longer than it waits: the journal keeps the rest."""
    with scene.lock(), scene.traffic():
        scene.pause(0.1, 0.5)
        scene.stop()


def stop_starting(scene: Scene) -> None:
    """SIGTERM while a locked database holds up what the next start stores."""
    with scene.lock():
        _start_a_replay(scene)
        scene.stop()


def _start_a_replay(scene: Scene) -> None:
    """Leave a start that waits for the lock, with a journal to store. Call with it held."""
    with scene.traffic() as traffic:
        scene.pause(0.2, 0.6)
        wait_until(lambda: traffic.answers > 3, "answers")
        scene.kill()
    scene.start()
    wait_until(scene.life.waits_or_listens, "the replay to meet the lock")


def check_one_file(place: Place) -> None:
    """Raises Violation where a clean stop left more than the database."""
    if place.files() != [place.database.name]:
        raise Violation(f"a clean stop leaves {place.files()}")


STRIKES: dict[str, Callable[[Scene], None]] = {
    strike.__name__: strike
    for strike in (
        traffic,
        commit,
        backlog,
        replay,
        answer,
        twice,
        stop,
        stop_locked,
        stop_starting,
    )
}
