"""The socket beside the store: who may ask, what is answered, and what lies in its place."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from collector.supervision.control import ControlSocket, NotRunning, ask_to_reload, socket_of
from collector.supervision.outcome import Outcome

pytestmark = pytest.mark.asyncio

DONE = Outcome("changed", added=["meter a"], removed=["meter b"])


async def done() -> Outcome:
    return DONE


async def asked(store: Path) -> Outcome:
    return await asyncio.to_thread(ask_to_reload, store)


async def raw(store: Path, question: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(socket_of(store)))
    writer.write(question)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


async def test_the_answer_is_what_came_of_it_and_nothing_is_left_behind(store: Path) -> None:
    async with ControlSocket(store, done):
        assert stat.S_IMODE((await asyncio.to_thread(socket_of(store).stat)).st_mode) == 0o600
        assert await asked(store) == DONE
        assert await asyncio.gather(*(asked(store) for _ in range(20))) == [DONE] * 20
    assert await asyncio.to_thread(os.listdir, store.parent) == []
    with pytest.raises(
        NotRunning, match=r"ask the collector of .*: nobody listens; is it running, with this \[store\]"
    ):
        await asked(store)


async def test_a_path_too_long_for_a_sockets_address_will_do(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120) / ("b" * 120)
    await asyncio.to_thread(lambda: folder.mkdir(parents=True))
    async with ControlSocket(folder / "store.sqlite", done):
        assert await asked(folder / "store.sqlite") == DONE
    assert await asyncio.to_thread(os.listdir, folder) == []


async def test_what_a_killed_collector_left_is_taken_over_and_any_other_file_is_left_alone(store: Path) -> None:
    def left() -> None:
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(str(socket_of(store)))

    await asyncio.to_thread(left)
    with pytest.raises(NotRunning, match="nobody listens"):
        await asked(store)
    async with ControlSocket(store, done):
        assert await asked(store) == DONE

    await asyncio.to_thread(socket_of(store).write_text, "somebody's")
    async with ControlSocket(store, done):  # it works without, and the log says so
        with pytest.raises(NotRunning, match="nobody listens"):
            await asked(store)
    assert await asyncio.to_thread(socket_of(store).read_text) == "somebody's"


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (b"nonsense\n", b"understand the question"),
        (b"\n", b"understand the question"),
        (b'{"do":"stop"}\n', b"do 'stop': this collector cannot"),
        (b"x" * 5000 + b"\n", b"understand the question"),
    ],
)
async def test_what_is_not_understood_is_refused_and_others_are_answered(
    store: Path, question: bytes, why: bytes
) -> None:
    async with ControlSocket(store, done):
        answer = await raw(store, question)
        assert answer.startswith(b'{"result":"refused","problems":["' + why)
        assert await asked(store) == DONE


async def test_one_who_says_nothing_holds_up_neither_others_nor_the_end(store: Path) -> None:
    async with ControlSocket(store, done):
        _, silent = await asyncio.open_unix_connection(str(socket_of(store)))
        assert await asked(store) == DONE
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 2.0
    silent.close()


async def test_a_collector_that_ends_before_it_answers_is_not_waited_for(store: Path) -> None:
    async def never() -> Outcome:
        await asyncio.Event().wait()
        return DONE

    async with ControlSocket(store, never):
        asking = asyncio.create_task(asked(store))
        await asyncio.sleep(0.2)
    with pytest.raises(NotRunning, match="it ended before it answered; look at its log"):
        await asking
