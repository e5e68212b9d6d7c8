"""Writes cases.json: what Python's jsonschema package finds wrong with generated instances.

    python make-cases.py > cases.json

Every case has a schema of the keywords that the project's schemas use, and instances with the set
of their violations, each a JSON pointer and a keyword. Made with jsonschema 4.26.0; seeded, so that
it comes out the same every time. Strings never end in a line break: there Python's `$` departs from
the standard's, and a test of its own covers it.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

from jsonschema import Draft202012Validator

TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = ["a", "b", "name", "a/b", "x~y", "size_1"]
STRINGS = ["", "a", "ab", "abc-1", "é", "e\u0301", "\U0001d11e\U0001d11e", "a\nb", "../x", "x/y",
           "0f", "https://x", "long enough to break bounds"]
NUMBERS = [0, 1, -1, 2, 3, 1.0, 2.5, -0.5, 1e300, 9007199254740993, 9007199254740992, 2**63 - 1]
PATTERNS = ["^a", "b$", "^[a-z]+$", "[0-9]", "^.{2}$", r"\.", r"^(?!.*\.\.)[a-z0-9./]*$", "a|é",
            r"^[^\u0000-\u001f\u007f-\u009f]*$", "^[$]?", r"\$|x", "^https?://[!-~]+$"]


def instance(rng: random.Random, depth: int) -> Any:
    """A random value, mostly of the same few names and strings that schemas speak of."""
    kind = rng.choice(TYPES if depth > 0 else TYPES[:5])
    if kind == "null":
        return None
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("integer", "number"):
        return rng.choice(NUMBERS)
    if kind == "string":
        return rng.choice(STRINGS)
    if kind == "array":
        return [instance(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    names = rng.sample(NAMES, rng.randint(0, 4))
    return {name: instance(rng, depth - 1) for name in names}


KINDS = {"string": ["pattern", "minLength", "maxLength"],
         "number": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
         "array": ["items", "minItems", "maxItems", "uniqueItems"],
         "object": ["properties", "patternProperties", "additionalProperties", "propertyNames",
                    "required", "minProperties", "maxProperties"]}


def aimed(rng: random.Random, root: Any, depth: int) -> Any:
    """A random value of a kind that the schema has something to say about."""
    if not isinstance(root, dict) or depth == 0 or rng.random() < 0.2:
        return instance(rng, depth)
    if root.get("enum") and rng.random() < 0.5:
        return rng.choice(root["enum"])
    kinds = [kind for kind, keywords in KINDS.items() if any(word in root for word in keywords)]
    kind = rng.choice(kinds) if kinds else None
    if kind == "string":
        return rng.choice(STRINGS)
    if kind == "number":
        return rng.choice(NUMBERS)
    if kind == "array":
        values = [aimed(rng, root.get("items"), depth - 1) for _ in range(rng.randint(0, 4))]
        return values + values[:1] if rng.random() < 0.3 else values
    if kind == "object":
        properties = root.get("properties", {})
        names = rng.sample(NAMES, rng.randint(0, 4))
        return {name: aimed(rng, properties.get(name), depth - 1) for name in names}
    return instance(rng, depth)


def schema(rng: random.Random, depth: int, definitions: list[str]) -> Any:
    """A random schema of up to four keywords."""
    if rng.random() < 0.04:
        return rng.random() < 0.5

    def below() -> Any:
        """A schema for a part; the package reports a `false` there at the whole."""
        made = schema(rng, depth - 1, definitions)
        return {"not": {}} if made is False else made

    plain = {
        "type": lambda: rng.choice([rng.choice(TYPES), rng.sample(TYPES, 2)]),
        "enum": lambda: [instance(rng, 1) for _ in range(3)],
        "const": lambda: instance(rng, 1),
        "required": lambda: rng.sample(NAMES, 2),
        "pattern": lambda: rng.choice(PATTERNS),
        "minLength": lambda: rng.randint(0, 3),
        "maxLength": lambda: rng.randint(0, 3),
        "minimum": lambda: rng.choice(NUMBERS),
        "maximum": lambda: rng.choice(NUMBERS),
        "exclusiveMinimum": lambda: rng.choice(NUMBERS),
        "exclusiveMaximum": lambda: rng.choice(NUMBERS),
        "minItems": lambda: rng.randint(0, 3),
        "maxItems": lambda: rng.randint(0, 3),
        "uniqueItems": lambda: rng.random() < 0.8,
        "minProperties": lambda: rng.randint(0, 3),
        "maxProperties": lambda: rng.randint(0, 3),
        "additionalProperties": lambda: False,
        "items": lambda: False,
    }
    deep = {
        "items": lambda: below() if rng.random() < 0.9 else False,
        "additionalProperties": lambda: below() if rng.random() < 0.7 else False,
        "propertyNames": below,
        "not": below,
        "properties": lambda: {name: below() for name in rng.sample(NAMES, 3)},
        "patternProperties": lambda: {rng.choice(PATTERNS): below() for _ in range(2)},
        "allOf": lambda: [below() for _ in range(2)],
        "anyOf": lambda: [below() for _ in range(2)],
        "oneOf": lambda: [below() for _ in range(2)],
    }
    if definitions:
        plain["$ref"] = lambda: f"#/$defs/{rng.choice(definitions)}"
    choices = plain if depth == 0 else plain | deep
    return {name: choices[name]() for name in rng.sample(list(choices), rng.randint(1, 4))}


def rooted(rng: random.Random) -> Any:
    """A schema at the root of a document, half the time with definitions."""
    if rng.random() < 0.5:
        return schema(rng, 2, [])
    root = schema(rng, 2, ["one", "two"])
    if isinstance(root, dict):
        one, two = schema(rng, 1, ["two"]), schema(rng, 1, [])
        root["$defs"] = {"one": {"allOf": [one]}, "two": {"allOf": [two]}}
    return root


def pointer(path: Any) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)


def violations(validator: Draft202012Validator, value: Any) -> list[list[str]]:
    found = {
        (pointer(error.absolute_path), error.validator or "false")
        for error in validator.iter_errors(value)
    }
    return [list(violation) for violation in sorted(found)]


def resolves(root: Any) -> bool:
    """Whether every reference has a definition to lead to."""
    return "$ref" not in json.dumps(root) or "$defs" in root


def main() -> None:
    rng = random.Random(20)
    lines: list[str] = []
    while len(lines) < 300:
        root = rooted(rng)
        if not resolves(root):
            continue
        Draft202012Validator.check_schema(root)
        validator = Draft202012Validator(root)
        tests = []
        for _ in range(5):
            value = aimed(rng, root, 3)
            tests.append({"instance": value, "violations": violations(validator, value)})
        lines.append(json.dumps({"schema": root, "tests": tests}))
    sys.stdout.write('{"cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
