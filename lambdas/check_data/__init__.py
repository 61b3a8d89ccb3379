"""Check that what a training job needs is in S3."""
