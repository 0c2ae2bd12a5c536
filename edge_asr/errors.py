"""Errors answer "who recovers?": each class names one answer, each message carries the value and the fix."""

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h: systemd must not restart on it
EXIT_INTERRUPTED = 130  # what shells make of Ctrl-C


class EdgeAsrError(Exception):
    """A fault with a known owner; its text is one line for a person, never a traceback."""

    exit_code = EXIT_FAILURE


class ConfigError(EdgeAsrError, ValueError):
    """The configuration is wrong: a person mends it, a restart does not help."""

    exit_code = EXIT_CONFIG


class SentencesError(ConfigError):
    """The sentences to listen for are wrong: a person mends the file, and those before it stay in force."""


class ModelError(EdgeAsrError, ValueError):
    """The bundle is missing or corrupt: a person pulls it again, a restart does not help."""

    exit_code = EXIT_CONFIG


class TooBigError(ModelError):
    """There is not enough memory to load the bundle: a person chooses another, or gives more."""


class FetchError(EdgeAsrError, RuntimeError):
    """The network or a registry did not deliver: nothing is wrong here, whoever asked tries again later."""


class AudioFileError(EdgeAsrError, ValueError):
    """A file is not audio that can be read: the caller skips it and says so."""


class UnknownFormatError(AudioFileError):
    """It is not of a format that is read here: whoever has another reader tries that."""


class CaptureError(EdgeAsrError, OSError):
    """The microphone is gone or refuses: capture reopens it with back-off."""


class RecognitionError(EdgeAsrError, RuntimeError):
    """One utterance failed: it is ended as `error` and the next one starts fresh."""


class SinkError(EdgeAsrError, OSError):
    """A sink cannot deliver: it stays in the sink, which counts and retries."""


class CommandError(EdgeAsrError, ValueError):
    """A command from afar says what nobody understands: who sent it sends another, nothing changes."""
