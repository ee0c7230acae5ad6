"""`python -m server` is the same program as `tokenweir`."""

import sys

from .cli import main

sys.exit(main())
