"""A tool of somebody else, run before every snippet. What it was given is nobody's business afterwards."""

import functools
import json
import re


@functools.lru_cache
def length(text):
    return len(text)


def solve(private):
    found = re.search(private, json.dumps([private]))
    return "%d %s" % (length(private), found is not None)
