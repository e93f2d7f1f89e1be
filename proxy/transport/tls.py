"""Certificates, and how TLS is begun on either side of the proxy.

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
https://www.postgresql.org/docs/current/libpq-ssl.html
"""

from __future__ import annotations

import enum
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from proxy.transport.encryption import reason

#: The application protocol that a client must name when it begins with TLS.
ALPN = "postgresql"

#: What a connection that begins with TLS begins with: the type of a handshake record.
HANDSHAKE = b"\x16"


class CertificateError(Exception):
    """A certificate or key cannot be used; the message says which, and why, in one line."""


@dataclass(frozen=True)
class Identity:
    """What the proxy shows to its clients.

    Attributes:
        context: begins TLS with a client.
        end_point: the certificate's hash for channel binding; None if its algorithm has none.
    """

    context: SSL.Context
    end_point: bytes | None


class ListenerTLS:
    """TLS between clients and the proxy.

    Args:
        certificate: a PEM file: the proxy's certificate, and those between it and the root.
        key: a PEM file with the key, without a passphrase.
        required: whether clients without TLS are refused.
        client_root: a PEM file of those who may have signed the certificates that encrypted clients must
            show to the proxy, and Postgres does not see; None if none is asked for.

    Attributes:
        identity: what the files say; of a connection it stays what it was at its beginning.

    Raises:
        CertificateError: the files cannot be used.
    """

    def __init__(
        self, certificate: Path, key: Path, *, required: bool = False, client_root: Path | None = None
    ) -> None:
        self._certificate = certificate
        self._key = key
        self._client_root = client_root
        self.required = required
        self.identity = self._read()

    @property
    def asks_for_certificate(self) -> bool:
        """Whether clients have to show one."""
        return self._client_root is not None

    def reload(self) -> None:
        """Read the files again; connections from now on see what is in them.

        Raises:
            CertificateError: they cannot be used; what was read before stays in use.
        """
        self.identity = self._read()

    def _read(self) -> Identity:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        # Like Postgres: no session outlives its connection.
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        # An idle connection keeps no buffers.
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        context.set_alpn_select_callback(_choose)
        self._load(context)
        if self._client_root is not None:
            _ask_for_certificate(context, self._client_root)
        certificate = x509.load_pem_x509_certificates(self._certificate.read_bytes())[0]
        return Identity(context, _hash(certificate))

    def _load(self, context: SSL.Context) -> None:
        for file in (self._certificate, self._key):
            _check_readable(file)
        try:
            context.use_certificate_chain_file(os.fspath(self._certificate))
            context.use_privatekey(cast(Any, load_pem_private_key(self._key.read_bytes(), password=None)))
            context.check_privatekey()
        except (SSL.Error, TypeError, ValueError) as error:
            said = reason(error) if isinstance(error, SSL.Error) else error
            raise CertificateError(_unusable(self._certificate, self._key, said)) from error


def _ask_for_certificate(context: SSL.Context, root: Path) -> None:
    _check_readable(root)
    try:
        context.load_verify_locations(os.fspath(root))
        context.load_client_ca(os.fsencode(root))
    except SSL.Error as error:
        raise CertificateError(_no_roots(root, reason(error))) from error
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)


def _choose(connection: SSL.Connection, offered: list[bytes]) -> Any:
    """The application protocol, of those that a client has offered."""
    return ALPN.encode() if ALPN.encode() in offered else SSL.NO_OVERLAPPING_PROTOCOLS


class SSLMode(enum.Enum):
    """What is asked of the connection to Postgres; each asks for more than the one before.

    https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
    """

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class UpstreamTLS:
    """TLS between the proxy and Postgres.

    PREFER goes on without TLS where the server has none or the handshake fails; unlike libpq it
    does not try again without TLS where the server's pg_hba.conf refuses connections with it.

    Args:
        mode: not DISABLE.
        root: a PEM file of those who may have signed the server's certificate, or None for the usual place.
            If there is one, REQUIRE verifies like VERIFY_CA, as in libpq.
        certificate, key: the proxy's own, should the server ask for them.

    Attributes:
        context: begins TLS with the server.
        required: whether to go on without TLS if the server has none.

    Raises:
        CertificateError: the files cannot be used.
    """

    def __init__(
        self,
        mode: SSLMode,
        *,
        root: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._mode = mode
        self._root = root
        self._certificate = certificate
        self._key = key
        self.required = mode is not SSLMode.PREFER
        self.context = self._read()

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> UpstreamTLS | None:
        """What the parameters of a postgresql:// URL ask for, and libpq's variables where they say nothing.

        Raises:
            ValueError: there is no such sslmode.
            CertificateError: the files cannot be used.
        """

        def setting(name: str) -> str | None:
            return settings.get(name) or environment.get(f"PG{name.upper()}")

        def path(name: str) -> Path | None:
            return None if (value := setting(name)) is None else Path(value)

        wanted = setting("sslmode") or SSLMode.PREFER.value
        if wanted not in (known := [mode.value for mode in SSLMode]):
            raise ValueError(f"sslmode must be one of {', '.join(known)}, not {wanted!r}")
        if wanted == SSLMode.DISABLE.value:
            return None
        return cls(SSLMode(wanted), root=path("sslrootcert"), certificate=path("sslcert"), key=path("sslkey"))

    def reload(self) -> None:
        """Read the files again.

        Raises:
            CertificateError: they cannot be used; what was read before stays in use.
        """
        self.context = self._read()

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = self._mode is SSLMode.VERIFY_FULL
        root = self._root or _usual("root.crt")
        verified = self._mode in (SSLMode.VERIFY_CA, SSLMode.VERIFY_FULL)
        if verified or (self._mode is SSLMode.REQUIRE and (self._root or root.exists())):
            _load_root(context, root)
        else:
            context.verify_mode = ssl.CERT_NONE
        certificate = self._certificate or _usual("postgresql.crt")
        if self._certificate or certificate.exists():
            _load_chain(context, certificate, self._key or _usual("postgresql.key"))
        return context


def end_point(certificate: bytes) -> bytes | None:
    """The hash of a certificate in DER for channel binding of type tls-server-end-point.

    https://www.rfc-editor.org/rfc/rfc5929#section-4.1

    Returns:
        None if its signature's algorithm has no hash; then there is no such binding.
    """
    return _hash(x509.load_der_x509_certificate(certificate))


def _hash(certificate: x509.Certificate) -> bytes | None:
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        return None
    weak = isinstance(algorithm, hashes.MD5 | hashes.SHA1)
    return certificate.fingerprint(hashes.SHA256() if weak else algorithm)


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for file in (certificate, key):
        _check_readable(file)
    try:
        # Without a password the terminal would be asked for one.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        said = (isinstance(error, ssl.SSLError) and error.reason) or error
        raise CertificateError(_unusable(certificate, key, said)) from error


def _unusable(certificate: Path, key: Path, said: object) -> str:
    return f"the certificate {certificate} and the key {key} cannot be used together: {said}"


def _load_root(context: ssl.SSLContext, root: Path) -> None:
    _check_readable(root)
    try:
        context.load_verify_locations(root)
    except (OSError, ValueError) as error:
        raise CertificateError(_no_roots(root, error)) from error


def _no_roots(root: Path, said: object) -> str:
    return f"{root} has no root certificates in it: {said}"


def _check_readable(file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{file} cannot be read: {error.strerror}") from error


def _usual(name: str) -> Path:
    return Path("~/.postgresql").expanduser() / name
