"""YAML as editors read it: the core schema of 1.2, in which 2026-01-31 and 07:30 are texts and `no` is no boolean."""
import re

import yaml


class CoreLoader(yaml.SafeLoader):
    pass


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
]:
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), first)


def jsonlike(value):
    """Keys of JSON are texts."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key).lower(): jsonlike(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [jsonlike(inner) for inner in value]
    return value


def parse(text):
    return jsonlike(yaml.load(text, CoreLoader))
