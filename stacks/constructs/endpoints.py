"""Where the models run that do not run inside a Lambda: an endpoint for each classifier that has one."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput, IStackSynthesizer, Stack
from constructs import Construct

from signpost.aws.deployment import output_prefix
from signpost.aws.guardrails import has_known_pictures
from signpost.routing.prefixes import PREPARED
from signpost.settings.endpoint import endpoint_name
from signpost.settings.file import Classifier, Settings
from signpost.settings.hosting import Hosting
from stacks.constructs.component_endpoint import ComponentEndpoint
from stacks.constructs.container_image import SERVER, ContainerImage
from stacks.constructs.known_pictures import KnownPictures
from stacks.constructs.model_endpoint import ModelEndpoint
from stacks.constructs.model_package import ModelPackage, model_package
from stacks.stage import Stage
from stacks.storage import StorageStack


class Endpoints(Construct):
    """An endpoint for each classifier that has one.

    The name of an endpoint names its construct, so that another endpoint shares no role, log group or alarm with it.

    They belong to the stack of the functions that invoke them. An update of a stack first creates what is new, then
    changes what refers to it, and deletes last what the template no longer has
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html).
    So an endpoint is deleted only after nothing invokes it any more. In a stack of its own, deployed before, it would
    be deleted while it is still invoked.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    settings : Settings
        The classifiers.
    stage : Stage
        Names the container image, or has it built.
    storage : StorageStack
        Keeps captured data.
    publisher : aws_cdk.IStackSynthesizer
        That of the stack.

    Attributes
    ----------
    names : dict of str to str
        Endpoint of each classifier that has one. An inference component on it has the same name.
    by_classifier : dict of str to Construct
        What has to exist before an endpoint can be invoked.
    repositories : dict of str to (str or None)
        ECR repository of each one's image; None where the image is not in ECR.

    Raises
    ------
    PackageError
        If a classifier's model folder is no model package.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        storage: StorageStack,
        publisher: IStackSynthesizer,
    ) -> None:
        super().__init__(scope, construct_id)
        self._app, self._stage, self._storage, self._publisher = settings.app.name, stage, storage, publisher
        self._image = ContainerImage(self, "Server", SERVER)
        self.names: dict[str, str] = {}
        self.by_classifier: dict[str, Construct] = {}
        self.repositories: dict[str, str | None] = {}
        for name, classifier in settings.classifiers.items():
            if classifier.hosting.has_endpoint and classifier.model:
                self.names[name] = endpoint_name(self._app, name, classifier.hosting, classifier.endpoint)
                self._serve(name, classifier, classifier.model)

    def _serve(self, name: str, classifier: Classifier, model: Path) -> None:
        title = output_prefix(name)
        image_uri, self.repositories[name] = self._image.resolve(
            classifier.endpoint.image_uri or self._stage.model_image
        )
        package = self._package(f"{title}Package", name, model)
        endpoint = (
            self._components(name, classifier, image_uri, package)
            if classifier.hosting is Hosting.COMPONENTS
            else self._endpoint(name, classifier, image_uri, package)
        )
        if has_known_pictures(classifier):
            known = KnownPictures(
                self,
                f"{title}KnownPictures",
                stage=self._stage,
                function_name=f"{self._app}-canary-{name}",
                endpoint_name=self.names[name],
                model=model,
            )
            # There when the very update that brings it begins.
            endpoint.node.add_dependency(known)
        self.by_classifier[name] = endpoint
        CfnOutput(Stack.of(self), f"{title}Endpoint", value=endpoint.endpoint_name)
        CfnOutput(Stack.of(self), f"{title}EndpointConfig", value=endpoint.endpoint_config_name)

    def _components(
        self, name: str, classifier: Classifier, image_uri: str, package: ModelPackage
    ) -> ComponentEndpoint:
        return ComponentEndpoint(
            self,
            output_prefix(self.names[name]),
            endpoint_name=self.names[name],
            name_prefix=f"{self._app}-{name}-",
            classifier=classifier,
            image_uri=image_uri,
            repository_arn=self.repositories[name],
            package=package,
        )

    def _endpoint(self, name: str, classifier: Classifier, image_uri: str, package: ModelPackage) -> ModelEndpoint:
        title, shadow = output_prefix(name), classifier.shadow
        return ModelEndpoint(
            self,
            output_prefix(self.names[name]),
            endpoint_name=self.names[name],
            name_prefix=f"{self._app}-{name}-",
            classifier=classifier,
            image_uri=image_uri,
            repository_arn=self.repositories[name],
            package=package,
            shadow_package=self._package(f"{title}ShadowPackage", f"{name}.shadow", shadow.model) if shadow else None,
            captured=self._storage.captured,
            inputs=self._storage.decisions,
            inputs_prefix=PREPARED,
        )

    def _package(self, construct_id: str, name: str, model: Path) -> ModelPackage:
        return model_package(self, construct_id, app=self._app, name=name, model=model, publisher=self._publisher)
