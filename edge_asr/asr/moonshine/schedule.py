"""When an utterance is decoded again: counted in blocks of its audio, so any cutting of it gives the same hypotheses.

Each decoding hears the utterance from its beginning, so their intervals grow with it: together they hear at most some
six times its length. In a pause one decoding comes soon, and stands for all when the utterance ends there. Where the
utterance does not end, somebody else hears a voice in what is no longer loud, and after a while it is decoded again.

Measured on 46 live segments, 192 s, Moonshine tiny: 3.3 times the work of one decoding of each (3.5 times with
intervals of 0.4 s, 3.1 with growth by a quarter); half of the intervals are 0.5 s, nine in ten below 1.0 s.
"""

from edge_asr.asr.moonshine.loudness import BLOCK_MS

_FIRST_BLOCKS = 500 // BLOCK_MS  # of voice
_FEWEST_BLOCKS = 500 // BLOCK_MS
_GROWTH = 0.2  # of what was heard since the voice set in
_PAUSE_BLOCKS = 300 // BLOCK_MS
_BREATH_BLOCKS = 80 // BLOCK_MS  # from here on the pause is waited for, or the voice
_DOUBTED_BLOCKS = 600 // BLOCK_MS  # of pause after a decoding: the utterance should have ended
_UNHEARD_BLOCKS = 400 // BLOCK_MS  # that many may follow the last decoding unheard
_LATE = 4  # times longer are the intervals when nobody waits for partials


def due(now: int, voice: tuple[int, int], decoded: int | None, *, partial: bool) -> bool:
    """Whether to decode at block `now`.

    voice: its first block, and the one after its last. decoded: the block up to which it was decoded before. partial:
    whether anybody waits for what a decoding within speech gives; the end of the utterance does, a little.
    """
    begin, end = voice
    growing = _GROWTH * (now - begin)
    if now - end >= _PAUSE_BLOCKS:
        return not in_pause(end, decoded) or now - (decoded or 0) >= max(_DOUBTED_BLOCKS, growing)
    if now - end >= _BREATH_BLOCKS or (decoded is not None and end <= decoded):
        return False
    times = 1 if partial else _LATE
    if decoded is None:
        return now - begin >= times * _FIRST_BLOCKS
    return now - decoded >= times * max(_FEWEST_BLOCKS, growing)


def in_pause(end: int, decoded: int | None) -> bool:
    """Whether the last decoding has heard all of the voice, which ends at `end`, and a pause after it."""
    return decoded is not None and decoded - end >= _PAUSE_BLOCKS


def stands(now: int, end: int, decoded: int | None) -> bool:
    """Whether the last decoding stands for all that was heard."""
    return in_pause(end, decoded) and now - (decoded or 0) <= _UNHEARD_BLOCKS
