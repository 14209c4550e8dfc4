"""A telephony call center of AI agents on LiveKit."""

__version__ = "0.1.0"
__all__ = ["__version__"]
