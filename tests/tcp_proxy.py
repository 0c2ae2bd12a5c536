"""A TCP relay on the loopback address that a test may cut, hold up and listen in on."""

import contextlib
import selectors
import socket
import struct
import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

_TICK_S = 0.05
_PIECE_BYTES = 65_536
_FIRST_BYTES = 512
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST, as a router does that has forgotten the connection


class Dialled(NamedTuple):
    """One connection of a client: when, on the monotonic clock, and the first that it sent."""

    at_s: float
    first: bytearray


class TcpProxy:
    """Context manager; `port` is where clients come, `to_port` where they are led. One thread of its own.

    `dialled` has every connection, also those that the far side did not take. What is held up is not lost: it waits in
    the sockets' own buffers until `flow`, or goes with `cut`.
    """

    def __init__(self, to_port: int) -> None:
        self.dialled: list[Dialled] = []
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._first: dict[socket.socket, bytearray] = {}  # of a client's side
        self._lock = threading.Lock()
        self._held = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="tcp-proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._thread.join(10.0)
        self.cut()
        self._listener.close()

    def hold(self) -> None:
        """Relay nothing, in neither direction, and tell nobody."""
        self._held = True

    def flow(self) -> None:
        """Relay again."""
        self._held = False

    def cut(self) -> int:
        """Reset every connection, on both sides; how many there were."""
        with self._lock:
            count = len(self._pairs) // 2
            for each in [*self._pairs]:
                self._close(each)
            return count

    def _run(self) -> None:
        while not self._closing:
            with self._lock, selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                for side in () if self._held else self._pairs:
                    selector.register(side, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in selector.select(0)]
                for each in ready:
                    if each is self._listener:
                        self._accept()
                    elif isinstance(each, socket.socket) and each in self._pairs:
                        self._relay(each)
            if not ready:
                time.sleep(_TICK_S / 25)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        first = bytearray()
        self.dialled.append(Dialled(time.monotonic(), first))
        try:
            server = socket.create_connection(("127.0.0.1", self._to_port), timeout=1.0)
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            client.close()
            return
        for each, other in ((client, server), (server, client)):
            each.setblocking(False)
            self._pairs[each] = other
        self._first[client] = first

    def _relay(self, each: socket.socket) -> None:
        other = self._pairs[each]
        try:
            piece = each.recv(_PIECE_BYTES)
            if not piece:
                self._close(each, reset=False)
                return
            if (first := self._first.get(each)) is not None and len(first) < _FIRST_BYTES:
                first += piece[: _FIRST_BYTES - len(first)]
            other.settimeout(_TICK_S)
            other.sendall(piece)  # one that does not read for so long is cut: its rest could only come torn
            other.setblocking(False)
        except BlockingIOError:
            pass
        except OSError:
            self._close(each)

    def _close(self, each: socket.socket, *, reset: bool = True) -> None:
        for one in (each, self._pairs.get(each)):
            if one is not None:
                self._pairs.pop(one, None)
                self._first.pop(one, None)
                with contextlib.suppress(OSError):
                    if reset:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    one.close()
