"""The output formats, by the name that `--format` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracer.emit.format.cloudformation import CloudFormationFormat
from tracer.emit.format.interface import Format
from tracer.emit.format.json import JsonFormat
from tracer.emit.format.markdown import MarkdownFormat
from tracer.emit.format.serverless import ServerlessFormat
from tracer.emit.format.terraform import TerraformFormat

__all__ = ["FORMATS", "Format"]

FORMATS: Final[Mapping[str, Format]] = {
    "json": JsonFormat(),
    "terraform": TerraformFormat(),
    "cloudformation": CloudFormationFormat(),
    "serverless": ServerlessFormat(),
    "markdown": MarkdownFormat(),
}
"""Every format there is."""
