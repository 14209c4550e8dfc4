"""What is said: one file a conversation."""
