"""When an utterance is decoded again: counted in blocks of its audio, so any cutting of it gives the same hypotheses.

Each decoding hears the utterance from its beginning, so their intervals grow with it: together they hear at most some
six times its length. In a pause one decoding comes soon and none after it, and as long as nothing more is said it
stands for all: an utterance that ends in silence is over without another one.

Measured on 183 live segments, 809 s, Moonshine tiny: 3.3 times the work of one decoding of each (2.9 times with
intervals of a quarter, 4.1 with 0.4 s and 0.15). A first decoding after 0.4 s of voice is wrong more often than right.
"""

from edge_asr.asr.moonshine.loudness import BLOCK_MS

_FIRST_BLOCKS = 500 // BLOCK_MS  # of voice
_FEWEST_BLOCKS = 400 // BLOCK_MS
_GROWTH = 0.2  # of what was heard since the voice set in
_PAUSE_BLOCKS = 300 // BLOCK_MS
_BREATH_BLOCKS = 80 // BLOCK_MS  # from here on the pause is waited for, or the voice
_LATE = 4  # times longer are the intervals when nobody waits for partials


def due(now: int, voice: tuple[int, int], decoded: int | None, *, partial: bool) -> bool:
    """Whether to decode at block `now`.

    voice: its first block, and the one after its last. decoded: the block up to which it was decoded before. partial:
    whether anybody waits for what a decoding within speech gives; the end of the utterance does, a little.
    """
    begin, end = voice
    quiet = now - end
    if quiet >= _PAUSE_BLOCKS:
        return not settled(voice, decoded)
    if quiet >= _BREATH_BLOCKS or (decoded is not None and end <= decoded):
        return False
    times = 1 if partial else _LATE
    if decoded is None:
        return now - begin >= times * _FIRST_BLOCKS
    return now - decoded >= times * max(_FEWEST_BLOCKS, _GROWTH * (now - begin))


def settled(voice: tuple[int, int], decoded: int | None) -> bool:
    """Whether a decoding has heard all of the voice and the pause after it."""
    return decoded is not None and decoded - voice[1] >= _PAUSE_BLOCKS
