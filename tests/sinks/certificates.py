"""Certificates for a private broker, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    ca: Path  # signed everything below
    other_ca: Path  # signed nothing
    server: Path  # for localhost
    server_key: Path
    stranger: Path  # for the host "elsewhere.test"
    stranger_key: Path
    expired: Path  # for localhost, until yesterday; its key is the server's
    client: Path
    client_key: Path
    locked_key: Path  # the client's key, with a passphrase

    def server_lines(self, *more: str) -> list[str]:
        return [f"certfile {self.server}", f"keyfile {self.server_key}", f"cafile {self.ca}", *more]

    def stranger_lines(self) -> list[str]:
        return [f"certfile {self.stranger}", f"keyfile {self.stranger_key}"]

    def expired_lines(self) -> list[str]:
        return [f"certfile {self.expired}", f"keyfile {self.server_key}"]


def make_certificates(folder: Path) -> Certificates:
    for name in ("ca", "other_ca"):
        _openssl(
            folder,
            f"req -x509 -newkey rsa:2048 -nodes -days 30 -keyout {name}.key -out {name}.crt -subj /CN={name}",
            "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
        )
    _signed(folder, "server", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    _signed(folder, "stranger", "subjectAltName=DNS:elsewhere.test\nextendedKeyUsage=serverAuth\n")
    _sign(folder, "server", "expired", days=-1)
    _signed(folder, "client", "extendedKeyUsage=clientAuth\n")
    _openssl(folder, "rsa -aes256 -passout pass:word -in client.key -out locked.key")
    return Certificates(
        ca=folder / "ca.crt",
        other_ca=folder / "other_ca.crt",
        server=folder / "server.crt",
        server_key=folder / "server.key",
        stranger=folder / "stranger.crt",
        stranger_key=folder / "stranger.key",
        expired=folder / "expired.crt",
        client=folder / "client.crt",
        client_key=folder / "client.key",
        locked_key=folder / "locked.key",
    )


def _signed(folder: Path, name: str, extensions: str) -> None:
    (folder / f"{name}.ext").write_text(extensions)
    _openssl(folder, f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}")
    _sign(folder, name, name, days=30)


def _sign(folder: Path, request: str, name: str, days: int) -> None:
    _openssl(
        folder,
        f"x509 -req -in {request}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days {days}",
        f"-extfile {request}.ext -out {name}.crt",
    )


def _openssl(folder: Path, *words: str) -> None:
    command = ["openssl", *" ".join(words).split()]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
