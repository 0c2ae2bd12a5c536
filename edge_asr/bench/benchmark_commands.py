"""The list of commands of the speech-to-intent benchmark, as Home Assistant's templates.

There `[a, b]` are alternatives, and `$list:slot` is a slot that is filled from a list.
"""

import json
import re
import sys
from pathlib import Path

from edge_asr.errors import SentencesError
from edge_asr.sentences.yaml_node import read_yaml

_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\$(\w+):(\w+)")


def read_list(path: Path) -> str:
    """Its text; raises SentencesError."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SentencesError(
            f"{path} cannot be read ({error.strerror}); put the benchmark's list of commands there, or name it by "
            "--commands FILE"
        ) from None
    except UnicodeDecodeError:
        raise SentencesError(f"{path} is not UTF-8 text; expected the benchmark's list of commands, YAML") from None


def as_templates(file: str, text: str) -> str:
    """The same list as YAML that `edge_asr.sentences` reads; raises SentencesError."""
    context = read_yaml(file, text).section("the file", ("context",)).get("context")
    if context is None:
        raise SentencesError(f"{file}: there is no `context:`; expected a list of commands of the benchmark")
    parts = context.section("context", ("expressions", "slots"))
    intents = {
        intent: {"data": [{"sentences": [_template(one.text("an expression")) for one in node.items("it", "- a")]}]}
        for intent, (node, _) in parts["expressions"].mapping("expressions").items()
    }
    lists = {
        name: {"values": [" ".join(one.text("a value").lower().split()) for one in node.items("it", "- a")]}
        for name, (node, _) in parts["slots"].mapping("slots").items()
    }
    return json.dumps({"language": "en", "intents": intents, "lists": lists}, indent=1)  # JSON is YAML


def _template(expression: str) -> str:
    either = _ALTERNATIVES.sub(
        lambda found: "(" + "|".join(one.strip() for one in found[1].split(",")) + ")", expression
    )
    return _SLOT.sub(r"{\1:\2}", either)


if __name__ == "__main__":
    sys.stdout.write(as_templates(sys.argv[1], read_list(Path(sys.argv[1]))))
