import { inSolve, type Technique, whenLoaded } from '../runaway.ts'

/** Sources that strike while they are compiled. */
export const COMPILE_BOMBS: Technique = {
  'deep parentheses': whenLoaded('bad-source', `x = ${'('.repeat(50_000)}${')'.repeat(50_000)}`),
  'long chain of signs': whenLoaded('bad-source', `x = ${'-'.repeat(200_000)}1`),
  'long sum': whenLoaded(['bad-source', 'crashed'], `x = lambda y: y${' + y'.repeat(100_000)}`),
  'long chain of names': whenLoaded(['bad-source', 'crashed'], `x = lambda y: y${'.y'.repeat(100_000)}`),
  'deep lambdas': whenLoaded('bad-source', `x = ${'lambda: '.repeat(10_000)}0`),
  'deep blocks': whenLoaded('bad-source', deepBlocks(120)),
  'deep comprehensions': whenLoaded('bad-source', `x = ${'[y for y in '.repeat(5_000)}[]${']'.repeat(5_000)}`),
  'huge list': whenLoaded(['ok', 'out-of-memory', 'bad-source', 'timed-out'], `x = [${'0,'.repeat(1_000_000)}]`),
  'huge text': whenLoaded('ok', `x = "${'a'.repeat(2_000_000)}"`),
  'huge number': whenLoaded('bad-source', `x = ${'7'.repeat(1_000_000)}`),
  'many functions': whenLoaded(['ok', 'out-of-memory', 'timed-out'], 'def f(): pass\n'.repeat(30_000)),
  'constant to be folded': whenLoaded('timed-out', 'x = 9 ** 9 ** 9'),
  'text to be folded': whenLoaded('out-of-memory', 'x = "a" * 4096 * 4096 * 64'),
  'pattern too wide': whenLoaded(
    ['ok', 'bad-source', 'timed-out', 'out-of-memory'],
    `import re\nx = lambda: re.compile("${Array.from({ length: 50_000 }, (_, at) => `a${at}b{1,9}`).join('|')}")`,
  ),
  'while it runs': inSolve('timed-out', 'while True: compile("x = 1\\n" * 1000, "", "exec")'),
  'eval of itself': inSolve('raised', 'code = "exec(code, globals())"\nglobals()["code"] = code\nexec(code, globals())'),
}

export const IMPORT_BOMBS: Technique = {
  'module that imports itself': inSolve(
    'raised',
    String.raw`
import sys
with open("/tmp/again.py", "w") as file: file.write("import sys\ndel sys.modules[__name__]\nimport again\n")
sys.path.insert(0, "/tmp")
import again`,
  ),
  'finder that loops': inSolve(
    'timed-out',
    `
import sys
class Finder:
    def find_spec(self, *_):
        while True: pass
sys.meta_path.insert(0, Finder())
import nothing`,
  ),
  '__import__ that loops': inSolve(
    'timed-out',
    `
import builtins
def late(*_):
    while True: pass
builtins.__import__ = late
import json`,
  ),
  'again and again': inSolve(
    'timed-out',
    `
import sys
while True:
    for name in [name for name in sys.modules if name.startswith("json")]: del sys.modules[name]
    import json`,
  ),
  'the whole library, beside the functions': whenLoaded(
    'timed-out',
    `
import importlib, sys
for name in sorted(sys.stdlib_module_names):
    try: importlib.import_module(name)
    except BaseException: pass`,
  ),
}

function deepBlocks(depth: number): string {
  return Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}if True:\n`).join('') + `${' '.repeat(depth)}pass`
}
