"""Runs a tool as a plain runner would: in fresh globals, checks that the answer is a str, and reports it as JSON."""

import json


def report(source, arguments):
    scope = {"__name__": "tool"}
    try:
        exec(compile(source, "<tool>", "exec"), scope)
        result = scope["solve"](**json.loads(arguments))
        if isinstance(result, str):
            outcome = {"status": "ok", "result": result}
        else:
            outcome = {"status": "bad-result", "message": type(result).__name__}
    except BaseException as error:
        outcome = {"status": "raised", "message": "%s: %s" % (type(error).__name__, error)}
    return json.dumps(outcome)
