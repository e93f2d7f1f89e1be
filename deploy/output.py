"""What a child process prints, line by line, as long as it is awaited."""

from __future__ import annotations

import select
import subprocess
import time
from collections.abc import Iterator


def lines(process: subprocess.Popen[bytes], seconds: float) -> Iterator[str]:
    """The lines of a child's standard output, until it ends or the time is up.

    Args:
        process: started with `stdout=PIPE` and `bufsize=0`, since a line that is in a buffer already would
            not be seen.
    """
    assert process.stdout is not None
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            return
        line = process.stdout.readline()
        if not line:
            return
        yield line.decode(errors="replace")
