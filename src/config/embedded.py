"""``python -m config.embedded status|stop``: show or stop the embedded servers under ``VAR_DIR``."""

import sys

from django.conf import settings

from embedded.__main__ import main

if __name__ == "__main__":
    sys.exit(main(default_var_dir=lambda: settings.VAR_DIR))
