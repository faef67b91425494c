import { inExtract, inSolve, type Technique, whenLoaded } from '../runaway.ts'

const NO_LIMIT = 'import sys\nsys.setrecursionlimit(10**9)\n'
const DEEP_LIST = 'nest = []\nfor _ in range(10**5): nest = [nest]\n'
const DEEP_TUPLE = 'nest = ()\nfor _ in range(10**5): nest = (nest,)\n'

export const RECURSION: Technique = {
  plain: inSolve('raised', 'def deeper(): return deeper()\ndeeper()'),
  'without a limit': inSolve('crashed', `${NO_LIMIT}def deeper(): return deeper()\ndeeper()`),
  'in extract, without a limit': inExtract('crashed', `${NO_LIMIT}def deeper(): return deeper()\ndeeper()`),
  'beside the functions, without a limit': whenLoaded('crashed', `${NO_LIMIT}def deeper(): return deeper()\ndeeper()`),
  'again in finally': inSolve(
    'timed-out',
    `
def deeper():
    try: deeper()
    finally: deeper()
deeper()`,
  ),
  'of a cached function': inSolve(
    'crashed',
    `import functools\n${NO_LIMIT}@functools.cache\ndef deeper(number): return deeper(number + 1)\ndeeper(0)`,
  ),
  'of a key': inSolve('raised', `${NO_LIMIT}def key(item): return sorted([1, 2], key=key)\nkey(0)`),
  'of __getattr__': inSolve(
    'raised',
    `
class Deep:
    def __getattr__(self, name): return getattr(self, name + "a")
Deep().a`,
  ),
  'of generators': inSolve('raised', 'def deeper(): yield from deeper()\nlist(deeper())'),
}

/** Through C code, where CPython counts nothing or the stack is smaller than it thinks. */
export const NATIVE_RECURSION: Technique = {
  repr: inSolve('crashed', `${DEEP_LIST}return repr(nest)`),
  compare: inSolve('crashed', 'one, two = [], []\nfor _ in range(10**5): one, two = [one], [two]\nreturn str(one == two)'),
  hash: inSolve('crashed', `${DEEP_TUPLE}return str(hash(nest))`),
  isinstance: inSolve('crashed', `${DEEP_TUPLE}return str(isinstance(0, nest))`),
  'json.dumps': inSolve('crashed', `import json\n${DEEP_LIST}return json.dumps(nest)`),
  'json.loads': inSolve('crashed', 'import json\nreturn str(json.loads("[" * 10**5))'),
  pickle: inSolve('crashed', `import pickle\n${DEEP_LIST}return str(len(pickle.dumps(nest)))`),
  deepcopy: inSolve('crashed', `import copy\n${NO_LIMIT}${DEEP_LIST}return str(len(copy.deepcopy(nest)))`),
  marshal: inSolve('crashed', `import marshal\n${DEEP_TUPLE}return str(len(marshal.dumps(nest)))`),
  'iterators of iterators': inSolve('crashed', 'step = iter((1,))\nfor _ in range(10**5): step = map(abs, step)\nreturn str(list(step))'),
  'long chain let go': inSolve('crashed', 'step = iter(())\nfor _ in range(10**5): step = map(abs, step)\ndel step\nreturn "survived"'),
  'tree of syntax': inSolve(
    'crashed',
    `
import ast
node = ast.Constant(1)
for _ in range(10**5): node = ast.UnaryOp(ast.USub(), node)
compile(ast.fix_missing_locations(ast.Expression(node)), "", "eval")`,
  ),
  'groups split': inSolve(
    'crashed',
    `
group = ValueError()
for _ in range(10**5): group = ExceptionGroup("group", [group])
group.split(TypeError)`,
  ),
  'type of types': inSolve('crashed', 'kind = int\nfor _ in range(10**5): kind = list[kind]\nreturn repr(kind)'),
}
