"""SageMaker: moto's control plane, with endpoints that are real processes of `serving/`."""
