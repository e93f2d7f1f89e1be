"""`python -m accounts FOLDER`: write the least policies into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from accounts.policies import documents
from modules.catalogue import find_modules


def main() -> None:
    """Write each policy into a file of its own."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents(find_modules()).items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
