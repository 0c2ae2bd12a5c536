"""Every way in which a broker does not want us: a state and one line with the fix, ever rarer tries, no plain text."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from edge_asr.config import TlsConfig
from edge_asr.demo.broker import Broker
from tests import sample_events
from tests.sinks.certificates import Certificates
from tests.sinks.conftest import MakeMouth, Mouth
from tests.sinks.subscriber import wait_for
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.broker

PASSWORD = "pa55-s3cret"
TLS_HANDSHAKE = b"\x16\x03"  # how every TLS connection begins: a handshake record
TRIES = 3
DYNAMIC_SECURITY = Path("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so")


class Unwelcome(NamedTuple):
    """One broker that does not let us in; `said` stands in the one line."""

    mouth: Mouth
    proxy: TcpProxy
    said: str
    tls: bool


@contextmanager
def unwelcome(certificates: Certificates, make_mouth: MakeMouth) -> Iterator[dict[str, Unwelcome]]:
    """All of them at once: the waits between tries need not be waited for one by one."""
    right = TlsConfig(enabled=True, ca_file=str(certificates.ca))
    wrong = TlsConfig(enabled=True, ca_file=str(certificates.other_ca))
    server, stranger, expired = certificates.server_lines(), certificates.stranger_lines(), certificates.expired_lines()
    cases: dict[str, tuple[list[str], TlsConfig, str]] = {
        "wrong CA": (server, wrong, f"set mqtt.tls.ca_file (now {wrong.ca_file!r}) to the authority that signed it"),
        "expired": (expired, right, "(certificate has expired): renew it, or set the clock of this machine"),
        "wrong host": (stranger, right, "mqtt.host = 'localhost' is not a name in it, set mqtt.host to one that is"),
        "plain broker": ([], right, "does not answer with TLS"),
        "TLS broker": (server, TlsConfig(), "does it want TLS (mqtt.tls.enabled = true)?"),
        "wrong password": (server, right, "refuses mqtt.username = 'edge' (Not authorized): check it, the password"),
    }
    with ExitStack() as stack:
        made: dict[str, Unwelcome] = {}
        for name, (lines, tls, said) in cases.items():
            broker = stack.enter_context(Broker(users={"edge": "another"}, lines=lines))
            proxy = stack.enter_context(TcpProxy(broker.port))
            login = {"username": "edge", "reconnect_max_s": 60}
            mouth = make_mouth(proxy.port, PASSWORD, host="localhost", tls=tls, **login)
            made[name] = Unwelcome(mouth, proxy, said, tls.enabled)
        yield made


def test_each_is_said_once_and_tried_again_ever_more_rarely(
    certificates: Certificates, make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture
) -> None:
    with unwelcome(certificates, make_mouth) as cases:
        for case in cases.values():
            case.mouth.sink.start()
            case.mouth.sink.emit(sample_events.final("a secret word"))
        for case in cases.values():
            wait_for(lambda case=case: len(case.proxy.dialled) >= TRIES)  # type: ignore[misc]
        cpu_s = time.process_time()
        time.sleep(1.0)
        assert time.process_time() - cpu_s < 0.5
        for name, case in cases.items():
            assert [connected for connected, _ in case.mouth.news] == [False], name
            assert case.said in case.mouth.reason, name
            assert case.mouth.metrics.registry.get_sample_value("edge_asr_broker_connected") == 0.0
            said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
            assert said.count(case.mouth.reason) == 1, name
            assert "\n" not in case.mouth.reason
            times_s = [dialled.at_s for dialled in case.proxy.dialled]
            for number, (one, next_one) in enumerate(pairwise(times_s)):
                assert next_one - one > 0.9 * 2**number, name
            sent = [bytes(dialled.first) for dialled in case.proxy.dialled]
            assert all(first.startswith(TLS_HANDSHAKE) == case.tls for first in sent), name
            if case.tls:
                assert not any(word in first for first in sent for word in (b"edge_asr", PASSWORD.encode(), b"secret"))
    assert PASSWORD not in caplog.text
    assert "a secret word" not in caplog.text


@pytest.mark.skipif(not DYNAMIC_SECURITY.exists(), reason=f"mosquitto has no {DYNAMIC_SECURITY.name} here")
def test_subscriptions_that_are_refused_are_a_state_and_one_line(
    tmp_path: Path, make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture
) -> None:
    access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
    (tmp_path / "rules.json").write_text(json.dumps({"defaultACLAccess": access, "clients": [], "roles": []}))
    lines = [f"plugin {DYNAMIC_SECURITY}", f"plugin_opt_config_file {tmp_path / 'rules.json'}"]
    with Broker(lines=lines) as broker:
        mouth = make_mouth(broker.port, controlled=True)
        mouth.sink.start()
        wait_for(lambda: mouth.reason != "")
        assert mouth.connected
        said = "does not let us subscribe to edge_asr/kitchen/mute/set, edge_asr/kitchen/sensitivity/set"
        assert said in mouth.reason
        assert mouth.reason.endswith("topic read edge_asr/kitchen/mute/set")
        for _ in range(2):
            times = len(mouth.news)
            broker.restart()
            wait_for(lambda times=times: mouth.news[-1] == (True, mouth.reason) and len(mouth.news) > times + 1)  # type: ignore[misc]
        mouth.sink.emit(sample_events.final())
        wait_for(lambda: "/final'" in broker.log)  # speaking goes on
    assert sum(said in record.getMessage() for record in caplog.records) == 1


def test_a_list_that_lets_us_in_and_drops_what_we_publish_is_a_state_and_one_line(
    tmp_path: Path, make_mouth: MakeMouth, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "rules"
    rules.write_text("user edge\ntopic read edge_asr/#\ntopic write elsewhere/#\n")
    rules.chmod(0o600)
    with Broker(users={"edge": PASSWORD}, lines=[f"acl_file {rules}"]) as broker:
        mouth = make_mouth(broker.port, PASSWORD, username="edge")
        mouth.sink.start()
        for number in range(5):
            mouth.sink.emit(sample_events.final("a secret word", f"s-{number}"))
        said = "drops what we publish (Not authorized): allow edge to write there in the broker's access list"
        wait_for(lambda: said in mouth.reason)
        wait_for(lambda: mouth.dropped("refused") == 5)  # as good as lost: each is counted
        assert mouth.connected
        assert mouth.reason.endswith("topic readwrite edge_asr/kitchen/#")
        broker.restart()
        wait_for(lambda: mouth.news[-2:] == [(True, ""), (True, mouth.reason)] and len(mouth.news) > 3)
    assert sum(said in record.getMessage() for record in caplog.records) == 1
    assert "a secret word" not in caplog.text
