"""Writes python.json: what Python's json module makes of texts and numbers, one document a line.

The tests read every line and expect to write the same bytes.
"""

import json
import pathlib

VALUES = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63),
    0.1, -0.5, 1.0, 1e-4, 1e-5, 123456.789, 1e16, 1.5e300, 5e-324, 1.7976931348623157e308, -0.0,
    "", "plain", "größe 深さ 🧠 e\u0301", "quote \" backslash \\ slash /",
    "".join(map(chr, range(1, 0x21))), "\x7f\x80\x9f\u00a0\u2028\u2029\ufeff\uffff\U0010ffff",
    [], {}, [[]], [{}], {"": []}, [1, [2, [3, ["x"]]]],
    {"b": 1, "a": {"c": [None, False], "d\n\t\"": "e"}, "é": "e\u0301", "e\u0301": "é"},
]

lines = [json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in VALUES]
path = pathlib.Path(__file__).with_name("python.json")
path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
