"""Cards that come and go are told, and nothing else is."""

import threading
from pathlib import Path

from edge_asr.audio.alsa_watcher import AlsaWatcher
from tests.waiting import wait_until

CARD = "01-00: USB Audio : USB Audio : capture 1\n"


def test_a_card_that_comes_or_goes_is_told_once_each(tmp_path: Path) -> None:
    listed, told = tmp_path / "pcm", threading.Semaphore(0)
    watcher = AlsaWatcher(told.release, listed, 0.01)
    watcher.start()
    try:
        assert not told.acquire(timeout=0.1)
        listed.write_text(CARD)
        assert told.acquire(timeout=5.0)
        listed.write_text(CARD)
        assert not told.acquire(timeout=0.1)
        listed.unlink()
        assert told.acquire(timeout=5.0)
    finally:
        watcher.stop()
    wait_until(lambda: not watcher._thread.is_alive(), 5.0, "the end of the watcher")
