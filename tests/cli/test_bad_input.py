"""Whatever a person gets wrong is one line with the value and the fix, and the right exit code; never a traceback."""

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from edge_asr.demo.broker import Broker
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_USAGE
from tests.cli.bundles import NAME, copy_bundle, file_of, own_copy, real_bundle
from tests.cli.command import daemon, edge_asr, said_in_one_line, the_one_line
from tests.cli.foreign_network import another_models_network, network_of_another_context
from tests.sinks.certificates import make_certificates
from tests.sinks.subscriber import Subscriber
from tests.waiting import wait_until

_UP_S = 60.0  # a busy machine loads the model for a while
_PULL_AGAIN = "run: edge-asr models pull en --force"
_JUNK = bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def bundle_is_there(request: pytest.FixtureRequest) -> None:
    """Say what is missing before a test fails for want of it."""
    if request.node.get_closest_marker("bundle"):
        real_bundle()


# --- the configuration


@pytest.mark.parametrize(
    "command", [["run"], ["transcribe", "x.wav"], ["devices"], ["check-config"], ["models", "list"]]
)
def test_an_unknown_key_is_refused_by_every_command(command: list[str], tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[mqtt]\nhots = "broker.local"\n')
    line = the_one_line(edge_asr(tmp_path, *command, "--config", str(file)), EXIT_CONFIG)
    assert line == f"mqtt.hots: unknown key (from {file}), did you mean mqtt.host?"


def test_an_unknown_key_in_the_environment_or_on_the_command_line(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "run", EDGE_ASR__MQTT__HOTS="x"), EXIT_CONFIG)
    assert "environment variable EDGE_ASR__MQTT__HOTS" in line
    assert "mqtt.host" in line
    line = the_one_line(edge_asr(tmp_path, "run", "--set", "mqtt.hots=x"), EXIT_CONFIG)
    assert line == "mqtt.hots: unknown key (from --set), did you mean mqtt.host?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nport = "many"\n', "mqtt.port = 'many'"),
        ("[mqtt]\nport = 70000\n", "expected a whole number from 1 to 65535"),
        ("[audio]\nring_s = true\n", "audio.ring_s = True"),
        ("mqtt = 5\n", "expected a section, written [mqtt]"),
        ("[mqtt\n", "not TOML"),
        ('[mqtt]\nhost = "a:1883"\n', "the port goes into mqtt.port"),
    ],
)
def test_a_wrong_value_is_shown_with_what_was_expected(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    line = the_one_line(edge_asr(tmp_path, "run", "--config", str(file)), EXIT_CONFIG)
    assert said in line
    assert str(file) in line or "a:1883" in line


def test_a_configuration_file_that_is_not_there(tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, "run", "--config", str(tmp_path / "none.toml")), EXIT_CONFIG)
    assert str(tmp_path / "none.toml") in line
    assert "check-config --example" in line


@pytest.mark.parametrize("command", ["run", "check-config"])
@pytest.mark.parametrize("spoil", ["missing", "a folder", "empty"])
def test_a_password_file_that_cannot_be_used(command: str, spoil: str, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    if spoil == "a folder":
        secret.mkdir()
    elif spoil == "empty":
        secret.write_text("\n")
        secret.chmod(0o600)
    words = ["--set", "mqtt.username=kitchen", "--set", f"mqtt.password_file={secret}"]
    line = the_one_line(edge_asr(tmp_path, command, *words), EXIT_CONFIG)
    assert line.startswith("mqtt.password_file: ")
    assert str(secret) in line
    assert any(fix in line for fix in ("make it readable", "name the file", "write the secret into it"))


@pytest.mark.parametrize("command", ["run", "check-config"])
def test_a_certificate_authority_that_is_not_there(command: str, tmp_path: Path) -> None:
    words = ["--set", "mqtt.tls.enabled=true", "--set", f"mqtt.tls.ca_file={tmp_path / 'ca.crt'}"]
    line = the_one_line(edge_asr(tmp_path, command, *words), EXIT_CONFIG)
    assert line.startswith("mqtt.tls.ca_file: cannot read")
    assert str(tmp_path / "ca.crt") in line


@pytest.mark.parametrize(
    "words", [["nonsense"], ["transcribe"], ["transcribe", "--rate", "fast", "x.wav"], ["run", "--loud"], []]
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(words: list[str], tmp_path: Path) -> None:
    done = edge_asr(tmp_path, *words)
    assert (done.returncode, done.stdout) == (EXIT_USAGE, "")
    assert done.stderr.startswith("usage: edge-asr")
    assert ": error: " in done.stderr.splitlines()[-1]


# --- the model


@pytest.mark.parametrize("command", [["run", "--set", "mqtt.enabled=false"], ["transcribe", "x.wav"]])
def test_a_bundle_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, *command, EDGE_ASR_MODELS=str(tmp_path / "none")), EXIT_CONFIG)
    assert line == f"there is no model 'en' in {tmp_path / 'none'}; run: edge-asr models pull en"


def arrays(role: str, **changed: np.ndarray | None) -> bytes:
    """The real .npz file with some arrays changed, or left out."""
    with np.load(file_of(role)) as real:
        content = {**real, **changed}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{name: array for name, array in content.items() if array is not None})
    return buffer.getvalue()


def a_single_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(10))
    return buffer.getvalue()


def damaged_zip(role: str) -> bytes:
    data = bytearray(file_of(role).read_bytes())
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


def graph_head(count: int) -> bytes:
    with file_of("graph").open("rb") as file:
        return file.read(count)


def small_graph(label: int, word: int, to: int) -> bytes:
    """A whole const FST of two states and one arc."""
    text = struct.pack("<i", 5) + b"const" + struct.pack("<i", 8) + b"standard"
    head = struct.pack("<i", 2125659606) + text + struct.pack("<iiQqqq", 2, 0, 0, 0, 2, 1)
    states = struct.pack("<fIIII", float("inf"), 0, 1, 0, 0) + struct.pack("<fIIII", 0.0, 1, 0, 0, 0)
    return head + states + struct.pack("<iifi", label, word, 0.0, to)


CORRUPT: dict[str, tuple[str, Callable[[], bytes | None], str]] = {
    "no network": ("network", lambda: None, "is missing"),
    "garbage for a network": ("network", lambda: _JUNK, "is not a network that onnxruntime can load"),
    "half a network": ("network", lambda: file_of("network").read_bytes()[:100_000], "is not a network"),
    "another model's network": ("network", another_models_network, "is a foreign network"),
    "a network of another context": ("network", lambda: network_of_another_context(40, 30, 2192), "expected (2, 2192)"),
    "no labels": ("labels", lambda: None, "is missing"),
    "garbage for labels": ("labels", lambda: _JUNK, "is not a file of arrays"),
    "half of the labels": ("labels", lambda: file_of("labels").read_bytes()[:9000], "is not a file of arrays"),
    "a flipped byte in the labels": ("labels", lambda: damaged_zip("labels"), "labels.npz"),
    "a single array for labels": ("labels", a_single_array, "is not a file of arrays"),
    "an array is missing": ("labels", lambda: arrays("labels", self_loop_of_label=None), "no array 'self_loop_of"),
    "labels of a smaller model": ("labels", lambda: arrays("labels", pdf_of_label=np.zeros(9, int)), "shape (9,)"),
    "labels of a wider network": (
        "labels",
        lambda: arrays("labels", pdf_of_label=np.full(10015, 2192)),
        "pdf_of_label goes from 2192 to 2192, expected 0 to 2191",
    ),
    "objects for labels": ("labels", lambda: arrays("labels", pdf_of_label=np.array([{}])), "labels.npz"),
    "garbage for ivectors": ("ivector", lambda: _JUNK, "is not a file of arrays"),
    "ivectors of other frames": ("ivector", lambda: arrays("ivector", cmvn_mean=np.zeros(13)), "expected (40,)"),
    "ivectors that are not numbers": (
        "ivector",
        lambda: arrays("ivector", cmvn_mean=np.full(40, np.nan)),
        "no finite number",
    ),
    "longer ivectors": ("ivector", lambda: arrays("ivector", ivector_dim=np.array(100)), "the manifest says 30"),
    "garbage for words": ("words", lambda: _JUNK, "is not UTF-8 text at byte 128"),
    "words without numbers": ("words", lambda: b"hello\nworld\n", "has a line 'hello'; expected WORD<TAB>NUMBER"),
    "too few words": ("words", lambda: b"<eps>\t0\nhello\t1\n", "graph.fst names a word"),
    "no graph": ("graph", lambda: None, "is missing"),
    "garbage for a graph": ("graph", lambda: _JUNK, "is not a decoding graph"),
    "a graph's head": ("graph", lambda: graph_head(40), "ends within the header"),
    "half a graph": ("graph", lambda: graph_head(500_000), "its own header says"),
    "a graph over other labels": (
        "graph",
        lambda: small_graph(10015, 1, 1),
        "a label 10015, expected 0 to 10014",
    ),
    "a graph over other words": ("graph", lambda: small_graph(1, 999_999, 1), "names a word 999999"),
    "a graph that leads nowhere": ("graph", lambda: small_graph(1, 1, 7), "names a state 7, expected 0 to 1"),
}


@pytest.mark.bundle
@pytest.mark.parametrize("case", CORRUPT)
def test_a_corrupt_bundle_is_refused_before_anything_computes_with_it(case: str, tmp_path: Path) -> None:
    role, data, said = CORRUPT[case]
    models = copy_bundle(tmp_path / "models", {role: data()})
    line = the_one_line(edge_asr(tmp_path, "transcribe", str(sample()[4]), EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert said in line
    assert line.endswith(_PULL_AGAIN)
    assert str(models / NAME) in line


@pytest.mark.bundle
def test_the_daemon_does_not_start_with_a_corrupt_bundle(tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models", {"labels": _JUNK})
    done = edge_asr(tmp_path, "run", "--set", "mqtt.enabled=false", EDGE_ASR_MODELS=str(models))
    assert "is not a file of arrays" in the_one_line(done, EXIT_CONFIG)


@pytest.mark.bundle
def test_a_file_of_another_size_than_the_manifest_says(tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models", {"words": b"<eps>\t0\n"}, admitted=False)
    line = the_one_line(edge_asr(tmp_path, "transcribe", "x.wav", EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert line.startswith(f"{models / NAME / 'words.txt'} has 8 bytes, the manifest says ")
    assert line.endswith(_PULL_AGAIN)


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "manifest.json is missing"), ("{", "is not a manifest"), ("[]", "is not a manifest"), ("\xff", "is not a")],
)
def test_a_bundle_without_a_good_manifest(text: str | None, said: str, tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models")
    manifest = models / NAME / "manifest.json"
    manifest.unlink()
    if text is not None:
        manifest.write_bytes(text.encode("latin-1"))
    line = the_one_line(edge_asr(tmp_path, "transcribe", "x.wav", EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert said in line
    assert line.endswith(_PULL_AGAIN)


@pytest.mark.bundle
def test_a_flipped_byte_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = own_copy(tmp_path / "models", "network_float")
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    line = the_one_line(edge_asr(tmp_path, "models", "verify", EDGE_ASR_MODELS=str(tmp_path / "models")), EXIT_CONFIG)
    assert line.startswith(f"{path} is corrupt: sha256 ")
    assert line.endswith(_PULL_AGAIN)


# --- audio


def wav(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.wav", lambda: b"", "is empty (0 bytes); record or copy it again"),
        ("headless.wav", lambda: sample()[4].read_bytes()[:30], "is not audio that can be read"),
        ("hollow.wav", lambda: sample()[4].read_bytes()[:44], "has a header and no samples; record it again"),
        ("noise.wav", lambda: _JUNK, "is not audio that can be read"),
        ("letter.txt", lambda: b"dear reader\n", "convert it, for example: ffmpeg -i"),
        ("raw.raw", lambda: _JUNK, "raw samples without a header"),
    ],
)
def test_a_file_that_is_not_audio(name: str, data: Callable[[], bytes], said: str, tmp_path: Path) -> None:
    path = wav(tmp_path, name, data())
    line = the_one_line(edge_asr(tmp_path, "transcribe", str(path)), EXIT_FAILURE)
    assert line.startswith(f"'{path}' ")
    assert said in line


@pytest.mark.bundle
def test_a_missing_file_a_folder_and_an_empty_pipe(tmp_path: Path) -> None:
    done = edge_asr(tmp_path, "transcribe", str(tmp_path / "none.wav"), str(tmp_path), "-")
    assert (done.returncode, done.stdout) == (EXIT_FAILURE, "")
    missing, folder, pipe = done.stderr.splitlines()
    assert missing == f"edge-asr: '{tmp_path / 'none.wav'}' is not there; check the name"
    assert folder.startswith(f"edge-asr: '{tmp_path}' is a folder; name the files in it")
    assert pipe == "edge-asr: standard input has no samples; give 16-bit WAV or raw s16le"


@pytest.mark.bundle
def test_a_bad_file_does_not_keep_the_good_ones_from_being_read(tmp_path: Path) -> None:
    bad, good = wav(tmp_path, "empty.wav", b""), sample()[4]
    done = edge_asr(tmp_path, "transcribe", str(bad), str(good))
    assert done.returncode == EXIT_FAILURE
    assert done.stdout.startswith(f"{good}: ")
    assert "is empty" in said_in_one_line(done.stderr)


@pytest.mark.bundle
def test_a_truncated_file_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    data = sample()[3].read_bytes()
    path = wav(tmp_path, "cut.wav", data[: len(data) // 2])
    done = edge_asr(tmp_path, "transcribe", str(path))
    assert done.returncode == EXIT_OK
    assert done.stdout.strip()
    assert said_in_one_line(done.stderr).startswith(f"'{path}' is cut off: ")


@pytest.mark.bundle
def test_unusual_audio_says_nearly_the_same(tmp_path: Path) -> None:
    plain = sample()[3]
    speech, rate = soundfile.read(str(plain), dtype="float64")
    eight_bits, fast, many, wide = (tmp_path / f"{name}.wav" for name in ("8bit", "96khz", "8channels", "float"))
    soundfile.write(eight_bits, speech, rate, subtype="PCM_U8")
    soundfile.write(fast, soxr.resample(speech, rate, 96000), 96000, subtype="PCM_24")
    soundfile.write(many, np.repeat(speech[:, None], 8, axis=1), rate)
    soundfile.write(wide, speech, rate, subtype="FLOAT")
    files = [plain, eight_bits, fast, many, wide]
    done = edge_asr(tmp_path, "transcribe", *map(str, files))
    assert (done.returncode, done.stderr) == (EXIT_OK, "")
    texts: dict[str, list[str]] = {str(file): [] for file in files}
    for line in done.stdout.splitlines():
        name, _, text = line.partition(": ")
        texts[name] += text.split()
    reference = texts.pop(str(plain))
    assert len(reference) > 10
    for name, words in texts.items():
        assert word_errors(reference, words) <= 1, (name, words)


def word_errors(reference: list[str], said: list[str]) -> int:
    """Levenshtein distance in words."""
    row = list(range(len(said) + 1))
    for number, word in enumerate(reference, 1):
        before, row[0] = row[0], number
        for column, other in enumerate(said, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]


# --- what may come back later: the daemon stays up and says so


@pytest.mark.bundle
@pytest.mark.pulse
@pytest.mark.broker
def test_a_microphone_that_does_not_exist_is_a_state(pulse_server: PulseServer, broker: Broker, tmp_path: Path) -> None:
    words = ["--set", "audio.source=nonsense", "--set", f"mqtt.port={broker.port}", "--set", "mqtt.host=127.0.0.1"]
    with Subscriber(broker.port) as subscriber, daemon(tmp_path, *words) as running:

        def degraded() -> bool:
            return any(json.loads(payload)["state"] == "degraded" for payload in subscriber.payloads("/state"))

        wait_until(lambda: degraded() or not running.is_up, _UP_S, "the state `degraded`")
        assert running.is_up, running.log
        state = json.loads(subscriber.payloads("/state")[-1])
        assert state["reason"] == "source 'nonsense' is not there; waiting for it. Present: pulse:usb_mic"
        assert subscriber.payloads("/availability")[-1] == b"online"
        assert running.stop() == EXIT_OK
        assert running.log.count("not listening: source 'nonsense' is not there") == 1
        assert "Traceback" not in running.log
    done = edge_asr(tmp_path, "devices", *words)
    assert "audio.source = \"nonsense\" chooses none of these: source 'nonsense' is not there" in done.stdout
    assert "pulse:usb_mic" in done.stdout


def refused_again_and_again(broker: Broker, tries: int) -> bool:
    return broker.log.count("New connection from") >= tries


@pytest.mark.bundle
@pytest.mark.broker
def test_a_broker_that_refuses_the_password_is_told_once_and_tried_again(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    with Broker(users={"kitchen": "right"}) as broker:
        words = ["mqtt.host=127.0.0.1", f"mqtt.port={broker.port}", "mqtt.username=kitchen", "mqtt.reconnect_max_s=1"]
        words.append(f"mqtt.password_file={secret}")
        with daemon(tmp_path, *(part for word in words for part in ("--set", word))) as running:
            wait_until(lambda: refused_again_and_again(broker, 3) or not running.is_up, _UP_S, "three attempts")
            assert running.is_up, running.log
            assert running.stop() == EXIT_OK
            complaints = [line for line in running.log.splitlines() if "mqtt" in line and "WARNING" in line]
            assert len(complaints) == 1, running.log
            assert f"127.0.0.1:{broker.port} refuses mqtt.username = 'kitchen'" in complaints[0]
            assert "mqtt.password_file" in complaints[0]
            assert "wrong" not in running.log
            assert "Traceback" not in running.log


@pytest.mark.bundle
@pytest.mark.broker
def test_a_broker_whose_certificate_is_not_trusted_is_told_once_and_tried_again(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with Broker(lines=certificates.server_lines()) as broker:
        words = ["mqtt.host=localhost", f"mqtt.port={broker.port}", "mqtt.tls.enabled=true", "mqtt.reconnect_max_s=1"]
        words.append(f"mqtt.tls.ca_file={certificates.other_ca}")
        with daemon(tmp_path, *(part for word in words for part in ("--set", word))) as running:
            wait_until(lambda: refused_again_and_again(broker, 3) or not running.is_up, _UP_S, "three attempts")
            assert running.is_up, running.log
            assert running.stop() == EXIT_OK
            complaints = [line for line in running.log.splitlines() if "mqtt" in line and "WARNING" in line]
            assert len(complaints) == 1, running.log
            assert "is refused (" in complaints[0]
            assert "set mqtt.tls.ca_file" in complaints[0]
            assert "Traceback" not in running.log
