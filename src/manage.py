#!/usr/bin/env python
"""Django's command line for Matinee."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from embedded import EmbeddedServiceError


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except EmbeddedServiceError as error:
        sys.exit(f"error: {error}")
    except ImproperlyConfigured as error:
        # It names the variable that is wrong; where the settings read it is of no use to the one who set it.
        sys.exit(f"Settings: {error}")


if __name__ == "__main__":
    main()
