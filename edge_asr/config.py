"""Every setting: frozen, typed, units in the names. How they are read lies in `settings.py`.

The shipped `example.toml` documents each key; a test holds it to these Structs.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=1, le=65535)]
Celsius = Annotated[float, Meta(gt=0.0, le=150.0)]
PositiveSeconds = Annotated[float, Meta(gt=0.0, le=3600.0)]
CaptureBackend = Literal["auto", "portaudio", "parec", "pw-record", "arecord"]
CommandsMode = Literal["open", "commands", "both"]
EndpointProfile = Literal["quick", "balanced", "patient", "dictation"]
TopicPart = Annotated[
    str,
    Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z", description="1 to 64 letters, digits, - or _"),
]
TopicPrefix = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}\Z",
        description="up to 4 parts of letters, digits, - or _ with / between them",
    ),
]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every section: an unknown key is refused with its path."""


class DeviceConfig(Section, frozen=True):
    """Who speaks on the broker."""

    id: TopicPart | None = None  # None: the host name, cleaned
    name: str | None = None  # None: "edge_asr <id>"


class AudioConfig(Section, frozen=True):
    """The microphone and the way from it."""

    source: str = "auto"  # "auto", "pulse:<name>", "alsa:<card id>", any part of a name, "stdin", "file:<path>"
    backend: CaptureBackend = "auto"  # auto: PortAudio, and where that cannot serve the program that can
    stdin_rate_hz: Annotated[int, Meta(ge=4000, le=768_000)] = 16000  # of samples without a header
    stdin_channels: Annotated[int, Meta(ge=1, le=64)] = 1
    channel: Annotated[int, Meta(ge=0, le=63)] | Literal["mix"] = "mix"
    ring_s: PositiveSeconds = 10.0
    chunk_ms: Annotated[int, Meta(ge=10, le=200)] = 20
    no_chunk_timeout_s: PositiveSeconds = 3.0
    one_value_alarm_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 4.0  # digital silence; 0: no alarm
    reopen_min_s: PositiveSeconds = 0.5
    reopen_max_s: PositiveSeconds = 10.0
    auto_gain: bool = False
    auto_gain_min_percent: Annotated[int, Meta(ge=1, le=150)] = 30
    auto_gain_max_percent: Annotated[int, Meta(ge=1, le=150)] = 120
    level_every_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.0  # how often the level is published; 0: never


class GateConfig(Section, frozen=True):
    """When audio reaches the recognizer."""

    # both: Silero is asked about what webrtc takes for a voice; auto: that, where its bundle is installed. Measured
    # (bench gate): kitchen, dishes, tap and white noise hold webrtc's gate open, and open this one 0 to 29 times an
    # hour; of speech at 0 dB in them it misses 1 %.
    vad: Literal["auto", "webrtc", "silero", "both"] = "auto"
    sensitivity: Annotated[int, Meta(ge=0, le=100)] = 50  # moves the thresholds below: see `sensitivity.thresholds`
    silero_threshold: Annotated[float, Meta(ge=0.01, le=0.99)] = 0.5
    vad_mode: Annotated[int, Meta(ge=0, le=3)] = 2  # webrtcvad's own: 0 hears everything, 3 is the strictest
    vad_max_gain_db: Annotated[float, Meta(ge=0.0, le=40.0)] = 24.0  # how far a quiet voice is raised for the detector
    onset_ms: Annotated[int, Meta(ge=20, le=1000)] = 100  # voiced time that opens the gate ...
    onset_window_ms: Annotated[int, Meta(ge=20, le=2000)] = 240  # ... within this window
    pre_roll_ms: Annotated[int, Meta(ge=0, le=2000)] = 600
    hangover_ms: Annotated[int, Meta(ge=20, le=5000)] | None = None  # None: 200 more than silence_s, at least 800


class EndpointConfig(Section, frozen=True):
    """When an utterance is over. A time that is None is the profile's: see `endpoint_rules.PROFILES`."""

    profile: EndpointProfile = "balanced"
    silence_s: PositiveSeconds | None = None  # after words
    no_words_s: PositiveSeconds | None = None  # nothing said
    max_utterance_s: PositiveSeconds | None = None


class ModelsConfig(Section, frozen=True):
    """Which bundle, from which folder."""

    bundle: TopicPart = "en"
    dir: str | None = None  # None: see settings.model_folder


class RecognizerConfig(Section, frozen=True):
    """Accuracy against cost."""

    threads: Annotated[int, Meta(ge=1, le=16)] = 1
    beam: Annotated[float, Meta(gt=0.0, le=30.0)] | None = None  # None: the bundle's own
    max_active: Annotated[int, Meta(ge=100, le=20000)] | None = None
    paths: Annotated[int, Meta(ge=1, le=64)] | None = None  # of a transducer; None: 1, which is greedy, 4 with hotwords
    hotwords_file: str | None = None
    hotwords_score: Annotated[float, Meta(gt=0.0, le=100.0)] = 1.5  # the field's usual one


class CommandsConfig(Section, frozen=True):
    """Sentences that mean something, and whether any other is heard beside them."""

    sentences: str | None = None  # a file or a folder of them; None: there are none, and all speech is text
    mode: CommandsMode = "both"  # open: as if there were none
    names_topic: TopicPrefix | None = None  # where Home Assistant tells names of things and areas, retained
    from_mqtt: bool = True  # whether a control may replace them; who reaches it is the broker's access list to say
    # How much worse than speech without a grammar a sentence may fit, in cost for each frame of speech. Measured with
    # 119 commands in four noises at five levels: right 95.3 % at 0.0, 95.5 % at 0.1 and 95.4 % at 0.3, taken for
    # another command 3.3, 3.8 and 4.3 %; in 25 minutes of other speech and of noise one at 0.53, all others above 0.6.
    most_excess: Annotated[float, Meta(ge=-5.0, le=5.0)] = 0.1
    # Whether a model of another kind, that of the second pass, decides where sentences sound alike, and whether a
    # doubtful one was said at all. auto: where it is there for the text of other speech; true: it is loaded for that
    # alone too, which takes some 100 MiB.
    second_opinion: bool | Literal["auto"] = "auto"
    wake_phrase: str | None = None  # what stands before a sentence that counts, as a template; None: nothing needs to
    wake_for_s: Annotated[float, Meta(ge=0.0, le=120.0)] = 8.0  # after the phrase alone a sentence counts without it
    # The same as most_excess for the phrase, over its own frames: a long sentence must not make up for it.
    most_wake_excess: Annotated[float, Meta(ge=-5.0, le=5.0)] = 0.5


class SecondPassConfig(Section, frozen=True):
    """A better text for finals: an offline model hears each segment again."""

    enabled: bool | Literal["auto"] = "auto"  # auto: where its bundle is installed and speaks the same language
    bundle: TopicPart = "moonshine-tiny-en"
    threads: Annotated[int, Meta(ge=1, le=16)] = 1
    deadline_s: Annotated[float, Meta(ge=0.1, le=60.0)] = 4.0  # then the final goes out with the first pass's text
    speculate: bool = True  # begin while the end is waited for
    # Audio of the segments right before, for the words that follow a short pause. Measured with Moonshine tiny on
    # read sentences with pauses: WER 15.1 % without, 13.5 % with 10 s, 13.0 % with 15 s, for a tenth more work each.
    context_s: Annotated[float, Meta(ge=0.0, le=30.0)] = 15.0


class OverloadConfig(Section, frozen=True):
    """What is given up first when the machine is too slow; lag = now - capture time of what is being consumed."""

    partials_lag_s: PositiveSeconds = 1.0
    flush_lag_s: PositiveSeconds = 4.0
    keep_s: PositiveSeconds = 0.5


class LadderConfig(Section, frozen=True):
    """What is given up, a step at a time, while the machine is hot or stays behind; and when it is taken up again."""

    enabled: bool = True
    temperature_high_celsius: Celsius = 80.0  # a Raspberry Pi slows down a little from here, and hard from 85
    temperature_low_celsius: Celsius = 70.0
    temperature_path: str = "/sys/class/thermal/thermal_zone*/temp"
    throttled_path: str = "/sys/devices/platform/soc/soc:firmware/get_throttled"
    lag_persists_s: PositiveSeconds = 10.0
    lag_window_s: PositiveSeconds = 30.0
    step_down_s: PositiveSeconds = 10.0
    step_up_s: PositiveSeconds = 60.0
    small_bundle: TopicPart | None = None  # None: the last step is not there


class TlsConfig(Section, frozen=True):
    """TLS to the broker. The host name is always checked."""

    enabled: bool = False
    ca_file: str | None = None  # None: the system's certificates
    cert_file: str | None = None
    key_file: str | None = None


class SpoolConfig(Section, frozen=True):
    """Where finals wait while the broker is away. On disk only when asked for: they hold what was said."""

    mode: Literal["off", "memory", "disk"] = "memory"
    path: str | None = None  # None: see settings.spool_path
    ttl_s: Annotated[float, Meta(gt=0.0, le=31_536_000.0)] = 86_400.0
    sync_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 5.0  # what a power cut can cost


class DiscoveryConfig(Section, frozen=True):
    """What Home Assistant learns of this device by itself."""

    enabled: bool = True
    prefix: TopicPrefix = "homeassistant"
    status_topic: TopicPrefix = "homeassistant/status"


class HermesConfig(Section, frozen=True):
    """Rhasspy's protocol, on its own topics of the same broker."""

    enabled: bool = False
    site_id: TopicPart | None = None  # None: the device's id


class MqttConfig(Section, frozen=True):
    """The broker."""

    enabled: bool = True
    host: str = "localhost"
    port: Port | None = None  # None: 1883, or 8883 with TLS
    username: str | None = None
    password_file: str | None = None
    # 5 alone shows of a command that comes while we are connected whether it was sent to be retained. A broker that
    # does not speak it says so, and then 3.1.1 is spoken.
    protocol: Literal["5", "3.1.1"] = "5"
    topic_prefix: TopicPrefix = "edge_asr"
    keepalive_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    partials: bool = True
    queue_messages: Annotated[int, Meta(ge=10, le=100_000)] = 1000
    reconnect_max_s: Annotated[int, Meta(ge=1, le=600)] = 30
    spool: SpoolConfig = SpoolConfig()
    tls: TlsConfig = TlsConfig()
    discovery: DiscoveryConfig = DiscoveryConfig()
    hermes: HermesConfig = HermesConfig()


class HttpConfig(Section, frozen=True):
    """The HTTP port. Off unless asked for; whoever reaches it hears what is said."""

    listen: Literal["off", "loopback", "lan"] = "off"
    port: Port = 8906  # below the ephemeral ports, and no service that nmap lists nor any that a house runs is there
    token_file: str | None = None  # None: no token, which loopback alone may do without
    max_connections: Annotated[int, Meta(ge=4, le=1000)] = 64
    max_streams: Annotated[int, Meta(ge=0, le=64)] | None = None  # None: two for each core
    max_upload_mib: Annotated[int, Meta(ge=1, le=1024)] = 25  # OpenAI's own limit
    keep_finals: Annotated[int, Meta(ge=0, le=200)] = 10  # in memory alone, for a page that is opened or loaded anew


class WyomingConfig(Section, frozen=True):
    """The port for Home Assistant's Assist. Off unless asked for; whoever reaches it is heard."""

    listen: Literal["off", "loopback", "lan"] = "off"
    port: Port = 10300  # what its other recognizers have
    zeroconf: bool = True  # on the LAN alone
    max_connections: Annotated[int, Meta(ge=1, le=256)] = 16


class JsonlConfig(Section, frozen=True):
    """Events as JSON lines. Off unless asked for: they hold what was said."""

    path: str | None = None  # "-" is standard output
    partials: bool = False


class LogConfig(Section, frozen=True):
    """What the log says; transcripts never."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["key-value", "json", "text"] = "key-value"
    same_per_minute: Annotated[int, Meta(ge=0, le=10_000)] = 10  # lines of one place in the program; 0: all of them


class Config(Section, frozen=True):
    """The whole configuration; defaults < TOML file < environment < command line."""

    device: DeviceConfig = DeviceConfig()
    audio: AudioConfig = AudioConfig()
    gate: GateConfig = GateConfig()
    endpoint: EndpointConfig = EndpointConfig()
    models: ModelsConfig = ModelsConfig()
    recognizer: RecognizerConfig = RecognizerConfig()
    commands: CommandsConfig = CommandsConfig()
    second_pass: SecondPassConfig = SecondPassConfig()
    overload: OverloadConfig = OverloadConfig()
    ladder: LadderConfig = LadderConfig()
    mqtt: MqttConfig = MqttConfig()
    http: HttpConfig = HttpConfig()
    wyoming: WyomingConfig = WyomingConfig()
    jsonl: JsonlConfig = JsonlConfig()
    log: LogConfig = LogConfig()
