#!/usr/bin/env python3
"""valid.py MIP NAME: whether each JSON value on stdin (of an array: each element) is as `mip __schema` says of NAME, an object
of mip or "any". Judged by python3-jsonschema, which knows nothing of mip. Prints what is wrong, and fails."""
import json, subprocess, sys
import jsonschema

schema = json.loads(subprocess.run([sys.argv[1], "__schema"], check=True, capture_output=True, text=True).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
if sys.argv[2] not in schema["$defs"]:
    sys.exit(f"no {sys.argv[2]} in the schema")
validator = jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{sys.argv[2]}"},
                                            format_checker=jsonschema.FormatChecker(["ipv6", "ipv4"]))

text, at, values, wrong = sys.stdin.read(), 0, 0, 0
while at < len(text.rstrip()):
    value, at = json.JSONDecoder().raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
    values += 1
    for record in value if isinstance(value, list) else [value]:
        for error in validator.iter_errors(record):
            print(f"{error.json_path}: {error.message}")
            wrong += 1
if not values:
    sys.exit("nothing to judge")
sys.exit(wrong > 0)
