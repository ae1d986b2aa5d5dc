"""Give each pin with extras in the lists a twin without them.

    python requirements/plain_pins.py requirements/*.txt

pip before 23.3 treats `kombu` and `kombu[redis]` as two packages, so where packages ask for both, each needs a pin of
its own: of one that has none, pip takes the newest release, and then refuses it because it has no hash. The compiler
writes a single pin with all extras; this script adds the other.
"""

import re
import sys
from pathlib import Path

_PIN_WITH_EXTRAS = re.compile(
    r"^(?P<name>[\w.-]+)(?P<extras>\[[^]\n]*\])(?P<pin>==[^\n]*\n(?: +--hash=[^\n]*\n)+)", re.ASCII | re.MULTILINE
)
_WITH_TWIN = "\\g<name>\\g<pin>    # for packages that ask for no extra\n\\g<name>\\g<extras>\\g<pin>"


def plain_pins_add(text: str) -> str:
    """Return the text of a list, fresh from the compiler, with the twins."""
    return _PIN_WITH_EXTRAS.sub(_WITH_TWIN, text)


def main() -> None:
    """Change the lists that the command line names."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(plain_pins_add(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
