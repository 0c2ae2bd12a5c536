"""A broker of yesterday: it stands before a real one and refuses MQTT 5, as the standard before it asks for."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

REFUSAL_OF_OLD = b"\x20\x02\x00\x01"  # CONNACK of MQTT 3.1.1: unacceptable protocol version
REFUSAL_OF_FIVE = b"\x20\x03\x00\x84\x00"  # that of a broker which knows 5 and was told not to speak it
_LEVEL_OF_FIVE = 5


class OldBroker:
    """Context manager; `port` is where it listens, `modern` lets everyone through to the broker at `behind`."""

    def __init__(self, behind: int, *, modern: bool = False, refusal: bytes = REFUSAL_OF_OLD) -> None:
        self._refusal = refusal
        self.modern = modern
        self.refusals = 0
        self._behind = behind
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(5)

    def cut(self) -> None:
        """End every connection."""
        for ends in self._pairs:
            for end in ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._pairs.clear()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._take(client)

    def _take(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            first = client.recv(4096)
            name = first.find(b"MQTT")
            if not self.modern and first[name + 4 : name + 5] == bytes([_LEVEL_OF_FIVE]):
                self.refusals += 1
                client.sendall(self._refusal)
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self._behind))
            server.sendall(first)
            self._pairs.append((client, server))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
