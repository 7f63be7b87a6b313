"""``python -m collector`` is the command ``potline``."""

from collector.cli import main

main()
