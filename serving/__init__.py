"""The model server: one container for SageMaker and plain Docker."""
