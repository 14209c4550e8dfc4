"""Simulated callers for pytest: the plugin is there as soon as callcenter is installed."""
