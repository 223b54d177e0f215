"""``python -m exporter_core``: the command line, without Qt."""

import sys

from exporter_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
