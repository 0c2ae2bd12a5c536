"""`python -m edge_asr_export.zipformer FOLDER`: a small network to try a runtime with."""

import argparse
from pathlib import Path

from edge_asr_export.zipformer.plan import Plan
from edge_asr_export.zipformer.write import made_up_pieces, write_ctc, write_transducer


def main() -> None:
    """Write one folder."""
    parser = argparse.ArgumentParser(prog="python -m edge_asr_export.zipformer", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=("transducer", "ctc"), default="transducer")
    parser.add_argument("--int8", action="store_true", help="int8 weights in the dense layers")
    parser.add_argument("--usual", action="store_true", help="as large as the small published ones")
    args = parser.parse_args()
    plan = Plan.usual_small() if args.usual else Plan()
    tokens = made_up_pieces(500 if args.usual else plan.vocabulary)
    writer = write_transducer if args.kind == "transducer" else write_ctc
    writer(args.folder, plan, tokens, quantized=args.int8)


if __name__ == "__main__":
    main()
