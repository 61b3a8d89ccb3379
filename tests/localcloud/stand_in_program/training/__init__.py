"""The product's own training package, with a stand-in for `training.program`."""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
