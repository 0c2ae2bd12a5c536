from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench.ear import Ear
from edge_asr.clock import NS_PER_S, SystemClock
from edge_asr.demo.pulse_server import MICROPHONE, PulseServer
from tests.fakes import RATE_HZ, hush, tone
from tests.waiting import wait_until

pytestmark = pytest.mark.pulse
LEVEL = 800.0
BLOCK_NS = 20_000_000


def test_a_sound_is_placed_between_the_play_and_the_end_of_it(pulse_server: PulseServer, tmp_path: Path) -> None:
    clock, path = SystemClock(), tmp_path / "beep.wav"
    soundfile.write(path, np.concatenate([hush(0.3), tone(0.5), hush(0.2)]), RATE_HZ)
    with Ear(pulse_server.environment(), MICROPHONE, clock) as ear:
        ear.mark()
        began_ns = clock.monotonic_ns()
        player = pulse_server.play(path)
        wait_until(lambda: ear.onset_ns(LEVEL), 10.0, "the beep was heard")
        heard_ns = clock.monotonic_ns()
        onset_ns = ear.onset_ns(LEVEL)
        assert onset_ns is not None
        assert began_ns + 0.3 * NS_PER_S - BLOCK_NS <= onset_ns <= heard_ns
        player.wait(10.0)
        speech_ns = ear.speech_ns(LEVEL)
        assert speech_ns is not None
        assert speech_ns[0] == pytest.approx(onset_ns, abs=BLOCK_NS)
        assert speech_ns[1] - speech_ns[0] == pytest.approx(0.5 * NS_PER_S, abs=BLOCK_NS)
        ear.mark()
        assert ear.onset_ns(LEVEL) is None
        assert ear.speech_ns(LEVEL) is None
    assert ear._recorder.returncode is not None
    assert not ear._thread.is_alive()
