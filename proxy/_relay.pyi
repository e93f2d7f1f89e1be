from typing import TypeAlias

_Progress: TypeAlias = tuple[int, int, bytes, bytes]
_State: TypeAlias = tuple[bytes, bytes, bytes, _Progress, _Progress]

class Relay:
    news: int
    def __init__(self, openssl: tuple[int, ...] = ()) -> None: ...
    @property
    def received(self) -> tuple[int, int]: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...
    def adopt(
        self,
        client: int,
        server: int,
        status: int,
        log: bytes = b"",
        to_server: tuple[int, bytes] = (0, b""),
        to_client: tuple[int, bytes] = (0, b""),
        tls: tuple[int, int, int] | None = None,
    ) -> int: ...
    def recall(self, name: int) -> _State | None: ...
    def returned(self) -> list[tuple[int, _State]]: ...
