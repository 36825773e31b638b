"""Lets `python worker/python` run the worker without installing the package."""

import sys

from shardeck_worker.__main__ import main

sys.exit(main())
