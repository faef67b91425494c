import { inExtract, inSolve, type Technique, whenLoaded } from '../runaway.ts'

/** Loops of Python code: the interpreter's own time limit reaches them. */
export const LOOPS: Technique = {
  plain: inSolve('timed-out', 'while True: pass'),
  'in extract': inExtract('timed-out', 'while True: pass'),
  'beside the functions': whenLoaded('timed-out', 'while True: pass'),
  'catches everything': inSolve(
    'timed-out',
    `
while True:
    try:
        while True: pass
    except BaseException: pass`,
  ),
  'goes on in finally': inSolve(
    'timed-out',
    `
def again():
    try:
        while True: pass
    finally:
        again()
again()`,
  ),
  'raises and catches': inSolve(
    'timed-out',
    `
while True:
    try: raise ValueError
    except ValueError: pass`,
  ),
  'endless generator': inSolve(
    'timed-out',
    `
def forever():
    while True: yield 1
return str(sum(forever()))`,
  ),
  // Each of them is an error that cannot be raised, and printed instead.
  'generators that do not close': inSolve(
    'output-too-large',
    `
def stubborn():
    while True:
        try: yield 1
        except GeneratorExit: pass
while True: next(stubborn())`,
  ),
  'key of a sort': inSolve(
    'timed-out',
    `
def slow(item):
    while True: pass
[0, 1].sort(key=slow)`,
  ),
  'keys that collide': inSolve(
    'timed-out',
    `
class Key:
    def __hash__(self): return 1
    def __eq__(self, other): return False
return str(len({Key() for _ in range(10**6)}))`,
  ),
  'trace function': inSolve(
    'timed-out',
    `
import sys
def trace(*_):
    while True: pass
sys.settrace(trace)
(lambda: 0)()`,
  ),
  'monitoring callback': inSolve(
    'timed-out',
    `
import sys
def look(*_):
    while True: pass
watch = sys.monitoring
watch.use_tool_id(0, "x")
watch.register_callback(0, watch.events.PY_START, look)
watch.set_events(0, watch.events.PY_START)
(lambda: 0)()`,
  ),
}

/** Loops inside C code: only a kill from outside ends most of them. */
export const LOOPS_IN_C: Technique = {
  'sum of a range': inSolve('timed-out', 'return str(sum(range(10**12)))'),
  'beside the functions': whenLoaded('timed-out', 'sum(range(10**12))'),
  'search without end': inSolve('timed-out', 'import itertools\nreturn str(1 in itertools.repeat(0))'),
  'str.count again and again': inSolve(
    'timed-out',
    `
import itertools
return str(sum(map(("a" * 10**6).count, itertools.repeat("ab"))))`,
  ),
  'caught by everything': inSolve(
    'timed-out',
    `
while True:
    try: sum(range(10**12))
    except BaseException: pass`,
  ),
  'text in canonical order': inSolve(
    'timed-out',
    String.raw`
import unicodedata
return str(len(unicodedata.normalize("NFC", "\u0315\u0300" * 10**6)))`,
  ),
}
