"""The model server: one container for SageMaker, Vertex AI and plain Docker."""
