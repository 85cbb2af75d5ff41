#!/usr/bin/env python3
"""valid.py MIP NAME: whether each JSON value on stdin (of an array: each element) is as `mip __schema` says of NAME, an object
of mip or "any". valid.py MIP DIR/NAME.N.json ...: those in these files. Judged by python3-jsonschema, which knows nothing of
mip. Prints what is wrong, and fails."""
import json, os, subprocess, sys
import jsonschema

schema = json.loads(subprocess.run([sys.argv[1], "__schema"], check=True, capture_output=True, text=True).stdout)
jsonschema.Draft202012Validator.check_schema(schema)
wrong = 0


def judge(name, text, of):
    global wrong
    if name not in schema["$defs"]:
        sys.exit(f"no {name} in the schema")
    validator = jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"},
                                                format_checker=jsonschema.FormatChecker(["ipv6", "ipv4"]))
    at = values = 0
    while at < len(text.rstrip()):
        value, at = json.JSONDecoder().raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        values += 1
        for record in value if isinstance(value, list) else [value]:
            for error in validator.iter_errors(record):
                print(f"{of}{error.json_path}: {error.message}")
                wrong += 1
    if not values:
        sys.exit(f"{of}nothing to judge")


for argument in sys.argv[2:]:
    if "/" in argument:
        with open(argument) as f:
            judge(os.path.basename(argument).split(".")[0], f.read(), f"{os.path.basename(argument)}: ")
    else:
        judge(argument, sys.stdin.read(), "")
sys.exit(wrong > 0)
