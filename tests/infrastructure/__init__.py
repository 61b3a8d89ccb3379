"""Tests of what is deployed."""

import os
import sys
from pathlib import Path

# jsii starts Node when aws_cdk is imported: the one beside this Python, whatever else is installed.
os.environ["JSII_NODE"] = str(Path(sys.executable).with_name("node"))
