"""`labels.npz`: what each label of the graph means to the network and to the words."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_text import POSITIONS, read_options, read_word_positions
from edge_asr_export.transition_model import TransitionModel


def label_arrays(transitions: TransitionModel, folder: Path) -> dict[str, NDArray[Any]]:
    """Arrays of `labels.npz` for the model in `folder`; all but the last are indexed by label.

    pdf_of_label int32 (-1 for epsilon), phone_of_label int32, position_of_label uint8, self_loop_of_label bool,
    silence_phones int32.
    """
    positions = read_word_positions(folder / "graph/phones/word_boundary.int")
    silence = read_options(folder / "conf/model.conf").get("endpoint.silence-phones", "")
    try:
        silence_phones = [int(phone) for phone in silence.split(":")]
    except ValueError as error:
        raise ModelError(f"model.conf: endpoint.silence-phones={silence!r}, expected phones like 1:2:3") from error
    phones = transitions.phone_of_label
    unknown = set(phones[1:].tolist()) - set(positions)
    if unknown:
        raise ModelError(f"word_boundary.int lacks the phones {sorted(unknown)[:10]} of the network")
    position_of_phone = np.full(int(phones.max()) + 1, POSITIONS["nonword"], np.uint8)
    for phone, position in positions.items():
        if phone < len(position_of_phone):
            position_of_phone[phone] = position
    return {
        "pdf_of_label": transitions.pdf_of_label,
        "phone_of_label": phones,
        "position_of_label": position_of_phone[phones],
        "self_loop_of_label": transitions.self_loop_of_label,
        "silence_phones": np.array(silence_phones, np.int32),
    }
