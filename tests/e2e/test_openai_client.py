"""Recordings by OpenAI's own client, against the real daemon: text, times, subtitles, and what a refusal becomes."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import openai
import pytest
import soundfile

from edge_asr.demo.sample import sample
from tests.e2e.conftest import FIRST_PASS, started
from tests.http.port_house import free_port, is_open
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
CLEAR = "he might even have been made amiable himself"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    port = free_port()
    with ExitStack() as stack:
        house = started(
            stack, tmp_path_factory.mktemp("house"), *FIRST_PASS, "http.listen=loopback", f"http.port={port}"
        )
        house.until_listening()
        wait_until(lambda: is_open(port), 20, "an open port")
        url = f"http://127.0.0.1:{port}/v1"
        yield stack.enter_context(openai.OpenAI(base_url=url, api_key="none is asked for on loopback", max_retries=0))


def test_a_recording_becomes_text(client: openai.OpenAI) -> None:
    assert client.audio.transcriptions.create(model="whisper-1", file=sample()[4]).text == CLEAR


@pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg"])
def test_of_any_kind_that_the_page_names(client: openai.OpenAI, suffix: str, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(sample()[4])
    soundfile.write(tmp_path / f"said.{suffix}", samples, rate_hz)
    assert client.audio.transcriptions.create(model="en", file=tmp_path / f"said.{suffix}").text == CLEAR


def test_words_have_times(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.create(
        model="en", file=sample()[4], response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert answer.words is not None
    assert [word.word for word in answer.words] == CLEAR.split()
    starts = [word.start for word in answer.words]
    assert starts == sorted(starts)
    assert 0 < answer.words[-1].end <= answer.duration
    assert answer.segments is not None
    assert " ".join(segment.text.strip() for segment in answer.segments) == CLEAR


def test_subtitles_are_what_was_asked_for(client: openai.OpenAI) -> None:
    srt = client.audio.transcriptions.create(model="en", file=sample()[4], response_format="srt")
    assert srt.startswith("1\n00:00:0")
    assert CLEAR in srt


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()][:1] == ["en"]


def test_what_is_no_recording_is_the_clients_own_error(client: openai.OpenAI, tmp_path: Path) -> None:
    junk = tmp_path / "junk.wav"
    junk.write_bytes(b"no sound at all")
    with pytest.raises(openai.BadRequestError) as refusal:
        client.audio.transcriptions.create(model="en", file=junk)
    assert refusal.value.type == "invalid_request_error"
