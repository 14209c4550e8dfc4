"""Offline: ears, brain and voice that need no key and no network."""
