"""Ask one classifier's model."""
