"""The embedded AWS: MiniStack, plus the services and rules that it lacks, on 127.0.0.1."""
