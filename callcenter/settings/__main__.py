"""`python -m callcenter.settings > .env.example`."""

from __future__ import annotations

import sys

from callcenter.settings.example import env_example

sys.stdout.write(env_example())
