import { inExtract, inSolve, type Technique, whenLoaded } from '../runaway.ts'

export const OUTPUT: Technique = {
  'standard output': inSolve('output-too-large', 'while True: print("a" * 1000)'),
  'standard error': inSolve('output-too-large', 'import sys\nwhile True: print("a" * 1000, file=sys.stderr)'),
  'in extract': inExtract('output-too-large', 'while True: print("a" * 1000)'),
  'beside the functions': whenLoaded('output-too-large', 'while True: print("a" * 1000)'),
  'all at once': inSolve('output-too-large', 'print("a" * 10**7)'),
  'byte by byte': inSolve('output-too-large', 'import sys\nwhile True: sys.stdout.write("a")'),
  'by descriptor': inSolve('output-too-large', 'import os\nwhile True: os.write(1, b"a" * 1000)'),
  'caught by everything': inSolve(
    'output-too-large',
    `
while True:
    try: print("a" * 1000)
    except BaseException: pass`,
  ),
  'errors that cannot be raised': inSolve(
    'output-too-large',
    `
class Bad:
    def __del__(self): raise ValueError("a" * 1000)
while True: Bad()`,
  ),
  'nothing, for ever': inSolve('timed-out', 'import sys\nwhile True: sys.stdout.write("")'),
}

export const RESULTS: Technique = {
  'too long': inSolve('bad-result', 'return "a" * (1 << 20)'),
  'too long in UTF-8': inSolve('bad-result', 'return "🌍" * (1 << 15)'),
  'as long as the memory': inSolve(['bad-result', 'out-of-memory'], 'return "é" * (40 << 20)'),
  'deep list': inSolve(
    'bad-result',
    `
nest = []
for _ in range(10_000): nest = [nest]
return nest`,
  ),
  'endless generator': inSolve('bad-result', 'return (number for number in iter(int, 1))'),
  'lone surrogates': inSolve('bad-result', String.raw`return "\ud800" * 10`),
  'text of a class of its own': inSolve(
    'bad-result',
    `
class Text(str):
    def __len__(self):
        while True: pass
    __str__ = __repr__ = encode = __len__
return Text("a")`,
  ),
}

export const EXTRACTED: Technique = {
  'deep dict': inExtract(
    'bad-result',
    `
nest = {}
for _ in range(33): nest = {"x": nest}
return nest`,
  ),
  'dict deeper than the stack': inExtract(
    'bad-result',
    `
nest = {}
for _ in range(10**4): nest = {"x": nest}
return nest`,
  ),
  'dict in itself': inExtract('bad-result', 'nest = {}\nnest["x"] = nest\nreturn nest'),
  'wide dict': inExtract('bad-result', 'return {str(number): number for number in range(10**5)}'),
  'long text': inExtract('bad-result', 'return {"x": "a" * (1 << 20)}'),
  'one long list many times': inExtract('bad-result', 'long = [0] * 60_000\nreturn {"x": [long] * 60_000}'),
  'laughs in laughs': inExtract(
    'bad-result',
    `
laugh = "ha"
for _ in range(30): laugh = [laugh] * 10
return {"x": laugh}`,
  ),
  'long number': inExtract('bad-result', 'return {"x": 10**5000}'),
  'not finite': inExtract('bad-result', 'return {"x": float("inf")}'),
  'dict of a class of its own': inExtract(
    'bad-result',
    `
class Endless(dict):
    def items(self):
        while True: yield "x", 1
    keys = __iter__ = items
return Endless()`,
  ),
}

export const EXCEPTIONS: Technique = {
  'causes in a circle': inSolve('raised', 'one, two = ValueError(1), ValueError(2)\none.__cause__, two.__cause__ = two, one\nraise one'),
  'long chain of causes': inSolve(
    'raised',
    `
error = ValueError()
for _ in range(10**5):
    last = error
    error = ValueError()
    error.__cause__ = last
raise error`,
  ),
  'long message': inSolve('raised', 'raise ValueError("a" * (30 << 20))'),
  'message that never comes': inSolve(
    'timed-out',
    `
class Bad(Exception):
    def __str__(self):
        while True: pass
raise Bad`,
  ),
  'message that raises': inSolve(
    'raised',
    `
class Bad(Exception):
    def __str__(self): raise self
raise Bad`,
  ),
  'no attribute to be had': inSolve(
    ['raised', 'timed-out'],
    `
class Bad(Exception):
    def __getattribute__(self, name):
        while True: pass
raise Bad`,
  ),
  'feigned syntax error': inSolve(
    'timed-out',
    `
class Feigned(SyntaxError):
    filename = "<tool>"
    @property
    def lineno(self):
        while True: pass
raise Feigned`,
  ),
  'groups in groups': inSolve(
    'raised',
    `
group = ValueError()
for _ in range(10**5): group = ExceptionGroup("group", [group])
raise group`,
  ),
}
