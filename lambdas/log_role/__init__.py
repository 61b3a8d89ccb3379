"""Set the role that API Gateway writes logs with, where the account has none."""
