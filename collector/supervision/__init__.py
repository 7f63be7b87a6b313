"""Keeping things running: restart with backoff, orderly stop, and the word to systemd."""
