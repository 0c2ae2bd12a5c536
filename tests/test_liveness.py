"""One truth for the watchdog and for who asks."""

from edge_asr.liveness import Liveness
from tests.fakes import HandClock


def test_faults_are_those_of_the_last_beat_and_that_it_is_old() -> None:
    clock = HandClock()
    liveness = Liveness(clock)
    assert liveness.faults() == ()
    liveness.beat(("it hangs",))
    assert liveness.faults() == ("it hangs",)
    liveness.beat(())
    clock.advance_s(9.9)
    assert liveness.faults() == ()
    clock.advance_s(60)
    assert liveness.faults() == ("the supervisor has not come round for 70 s",)
