import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openSandbox, type Batch, type BatchEvent, type Call, type Outcome, type Sandbox } from './index.ts'
import { IMAGE_FOLDER } from './testing.ts'

// A child that was killed takes seconds to be replaced, and many on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

const imageFolder = IMAGE_FOLDER
let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ imageFolder, log: () => undefined })
}, 60_000)
afterAll(() => sandbox.close())

const fails = (text: string) => ({ status: 'raised', message: expect.stringContaining(text) })
const silent = { stdout: '', stderr: '' }
const run = (source: string, calls: Call[], more: Partial<Batch> = {}) =>
  sandbox.run({ source, calls, timeoutMs: 1_000, surroundings: 'first', resetEachCall: false, ...more })
/** The outcome of `solve()` with this body. */
async function solving(body: string, more: Partial<Batch> = {}): Promise<Outcome> {
  const source = `def solve():\n${body.replaceAll(/^/gm, '    ')}`
  return one(await run(source, [{ arguments: '{}' }], more))
}
function one(outcomes: Outcome[]): Outcome {
  const [outcome, ...more] = outcomes
  if (outcome === undefined || more.length > 0) throw new Error(`one outcome was wanted, not ${JSON.stringify(outcomes)}`)
  return outcome
}
const calling = (...names: string[]): Call[] => names.map((what) => ({ arguments: JSON.stringify({ what }) }))
const ok = (result: string) => ({ status: 'ok', result, arguments: null, ...silent })

describe('outcomes', () => {
  const both = 'def extract(text):\n    return {"word": text} if text else None\ndef solve(word):\n    return word.upper()'

  test('extract alone, extract and solve, solve alone, in the order of the calls', async () => {
    const calls: Call[] = [
      { text: 'a', solve: false },
      { text: 'b', solve: true },
      { text: '', solve: true },
      { arguments: '{"word": "é"}' },
    ]
    expect(await run(both, calls)).toEqual([
      { status: 'ok', result: null, arguments: '{"word": "a"}', ...silent },
      { status: 'ok', result: 'B', arguments: '{"word": "b"}', ...silent },
      { status: 'refused', ...silent },
      ok('É'),
    ])
  })

  test('big integers, floats and text of all planes cross unchanged', async () => {
    const source = 'def extract(text):\n    import json\n    return json.loads(text)\ndef solve(**given):\n    return repr(given)'
    const json = '{"big": 123456789012345678901234567890, "float": 0.1, "text": "日本 🌍 é\\u0000", "list": [null, true, -0.0, 1e+300]}'
    expect(await run(source, [{ text: json, solve: true }])).toEqual([
      {
        status: 'ok',
        arguments: json,
        result: "{'big': 123456789012345678901234567890, 'float': 0.1, 'text': '日本 🌍 é\\x00', 'list': [None, True, -0.0, 1e+300]}",
        ...silent,
      },
    ])
  })

  test('what a tool raises is told with its own lines alone', async () => {
    const source =
      'import json\ndef extract(text):\n    return {"text": text}\ndef solve(text):\n    return inner(text)\ndef inner(text):\n    return json.loads(text)'
    expect(await run(source, [{ text: 'x', solve: true }])).toEqual([
      {
        status: 'raised',
        in: 'solve',
        arguments: '{"text": "x"}',
        message: [
          'Traceback (most recent call last):',
          '  File "<tool>", line 5, in solve',
          '    return inner(text)',
          '  File "<tool>", line 7, in inner',
          '    return json.loads(text)',
          'JSONDecodeError: Expecting value: line 1 column 1 (char 0)',
        ].join('\n'),
        ...silent,
      },
    ])
  })

  test('a result and a message are told to the last character, or what is none of them as an escape', async () => {
    expect(await solving('return "\\ufeffx\\0"')).toEqual(ok('\ufeffx\0'))
    expect(await solving('raise ValueError("half \\ud800 of two")')).toMatchObject(fails('ValueError: half \\ud800 of two'))
  })

  test('places before the start of a file are refused', async () => {
    const body = `import os
with open("/tmp/x", "wb+") as file:
    said = []
    for act in (lambda: os.pwrite(file.fileno(), b"x", -5), lambda: os.pread(file.fileno(), 3, -5)):
        try:
            said.append(str(act()))
        except OSError as error:
            said.append(os.strerror(error.errno))
    return ", ".join(said)`
    expect(await solving(body)).toEqual(ok('Invalid argument, Invalid argument'))
  })

  test('wrong arguments are the fault of the call', async () => {
    const outcomes = await run(both, [{ arguments: '{"words": 1}' }, { arguments: '{"word": ' }, { arguments: '[1]' }])
    expect(outcomes).toEqual([
      {
        status: 'raised',
        in: 'solve',
        arguments: null,
        message: "TypeError: solve() got an unexpected keyword argument 'words'. Did you mean 'word'?",
        ...silent,
      },
      { status: 'raised', in: 'solve', arguments: null, message: 'ValueError: the arguments are not JSON', ...silent },
      { status: 'raised', in: 'solve', arguments: null, message: 'ValueError: the arguments are not one JSON object', ...silent },
    ])
  })

  test.each([
    ['a syntax error', 'def solve(:\n    pass', '  File "<tool>", line 1\n    def solve(:\nSyntaxError: invalid syntax (<tool>, line 1)'],
    ['an import that fails', 'import numpy\ndef solve(): return ""', "ModuleNotFoundError: No module named 'numpy'"],
    ['no solve', 'def extract(text): return None', 'the source defines no function solve'],
    ['a null byte', 'x = "\0"', 'SyntaxError: source code string cannot contain null bytes'],
  ])('bad-source for every call: %s', async (_, source, message) => {
    const outcomes = await run(source, [{ arguments: '{}' }, { arguments: '{}' }])
    const bad = { status: 'bad-source', message: expect.stringContaining(message), ...silent }
    expect(outcomes).toEqual([bad, bad])
  })

  test('regular expressions that a source writes out are compiled beforehand, and are what `re` makes of them', async () => {
    const patterns = [
      ['r"(?P<word>[a-zé]+)-(\\d{2,})?"', '0', 'ab-12'],
      ['"^b.c$"', 're.I | re.MULTILINE | re.S', 'a\nB\nc'],
      ['"(?x) a  b # ab"', '0', 'ab'],
      ['r"\\bé\\w"', 're.ASCII', 'éa'],
    ]
    const checks = patterns.map(
      ([pattern, flags, text]) => `    found = re.search(${pattern}, ${JSON.stringify(text)}, ${flags})
    fresh = re._compiler.compile("".join([${pattern}]), ${flags})
    assert fresh == re.compile(${pattern}, flags=${flags}), ${pattern}
    assert (found and found.span()) == ((match := fresh.search(${JSON.stringify(text)})) and match.span()), ${pattern}`,
    )
    const source = `import re\nNUMBER = r"[0-9]+"\ndef solve():\n    known = str(len(re._cache))\n${checks.join('\n')}
    return known + " " + re.sub(NUMBER, "n", "1 22", flags=re.I)`
    const outcome = one(await run(source, [{ arguments: '{}' }]))
    const none = one(await run('import re\ndef solve():\n    return str(len(re._cache))', [{ arguments: '{}' }]))
    if (outcome.status !== 'ok' || none.status !== 'ok') throw new Error(JSON.stringify([outcome, none]))
    expect(outcome.result).toBe(`${Number(none.result) + patterns.length + 1} n n`)
  })

  test('a regular expression that is none fails where the tool uses it, and nowhere else', async () => {
    const source = 'import re\ndef extract(text):\n    return {}\ndef solve():\n    return re.sub("(", "", "")'
    expect(await run(source, [{ text: 'a', solve: false }, { arguments: '{}' }])).toMatchObject([{ status: 'ok' }, fails('PatternError: ')])
  })

  test('a source without extract is fine for calls with arguments only', async () => {
    const source = 'def solve(x): return str(x + 1)'
    expect(await run(source, [{ arguments: '{"x": 1}' }, { text: 'x', solve: true }])).toEqual([
      ok('2'),
      { status: 'bad-source', message: 'the source defines no function extract', ...silent },
    ])
  })

  test.each([
    ['return 7', 'solve must return a str, it returned int'],
    ['class Text(str): pass\nreturn Text("x")', 'solve must return a str, it returned Text'],
    ['return "a" * 70000', 'the result has 70000 bytes; at most 65536 are taken'],
    ['return "é" * (20 << 20)', 'the result has 20971520 characters; at most 65536 are taken'],
    ['return "\\ud800"', 'the result holds characters that are no valid Unicode'],
  ])('bad-result of solve: %s', async (body, message) => {
    expect(await solving(body)).toEqual({ status: 'bad-result', message, ...silent })
  })

  test.each([
    ['[1]', 'TypeError: extract must return a dict or None, it returned list'],
    ['{1: 2}', 'TypeError: extract returned a dict with a key that is not a str: int'],
    ['{"x": (1,)}', 'TypeError: extract returned a value that is not plain JSON: tuple'],
    ['{"x": float("nan")}', 'ValueError: extract returned a number that is not finite'],
    ['{"x": deep(40)}', 'ValueError: extract returned values nested deeper than 32 levels'],
    ['{"x": "é" * 40000}', 'the arguments has 80009 bytes; at most 65536 are taken'],
    ['{"x": [0] * 70000}', 'ValueError: extract returned more than 65536 values'],
  ])('bad-result of extract: %s', async (expression, message) => {
    const source = `def deep(n): return [deep(n - 1)] if n else 0\ndef extract(text): return ${expression}`
    expect(await run(source, [{ text: '', solve: false }])).toEqual([{ status: 'bad-result', message, ...silent }])
  })

  test('output is captured, and too much of it ends the call', async () => {
    expect(await solving('import sys\nprint("é")\nprint("warn", file=sys.stderr)\nreturn "x"')).toEqual({
      ...ok('x'),
      stdout: 'é\n',
      stderr: 'warn\n',
    })
    expect(await solving('while True:\n    print("a" * 1000)')).toEqual({
      status: 'output-too-large',
      message: 'it printed more than 65536 bytes',
    })
  })
})

describe('state', () => {
  const planted =
    'import builtins, sys, json, types\nbuiltins.leak = 1\nsys.modules["leak"] = types.ModuleType("leak")\njson.leak = 1\nreturn "planted"'
  const found = `import builtins, sys, json, gc
try:
    open("/tmp/leak").read()
    file = True
except OSError:
    file = False
return repr([hasattr(builtins, "leak"), "leak" in sys.modules, hasattr(json, "leak"), file])`

  test('nothing a batch leaves behind is seen by the next', async () => {
    expect(await solving(planted)).toEqual(ok('planted'))
    expect(await solving(found)).toEqual(ok('[False, False, False, False]'))
  })

  test('nor by the next call, where every call is reset; globals are fresh in any case', async () => {
    const source =
      'seen = []\nimport builtins\ndef solve():\n    seen.append(1)\n    builtins.count = getattr(builtins, "count", 0) + 1\n    return f"{len(seen)} {builtins.count}"'
    const calls = [{ arguments: '{}' }, { arguments: '{}' }]
    expect(await run(source, calls, { resetEachCall: true })).toEqual([ok('1 1'), ok('1 1')])
    expect(await run(source, calls)).toEqual([ok('1 1'), ok('1 2')])
  })

  test('files live for one call, in folders of their own, up to a limit', async () => {
    const source = `
import os, tempfile
def solve(step):
    if step == "write":
        os.makedirs("/tmp/a/b")
        with open("/tmp/a/b/one.txt", "w") as file:
            file.write("é" * 3)
        with open("two.bin", "ab") as file:
            file.write(b"xyz")
        os.rename("two.bin", "/tmp/a/two.bin")
        with tempfile.TemporaryFile() as file:
            file.write(b"abc"); file.seek(1); left = file.read()
        sizes = [os.path.getsize("/tmp/a/b/one.txt"), os.path.getsize("/tmp/a/two.bin")]
        os.remove("/tmp/a/two.bin"); os.chdir("/tmp/a")
        return repr((open("b/one.txt").read(), sizes, left, sorted(os.listdir("/tmp/a")), os.getcwd()))
    if step == "look":
        return repr((os.listdir("/tmp"), os.listdir("."), os.getcwd()))
    if step == "library":
        open("/lib/python314.zip", "ab")
    if step == "much":
        open("/tmp/much", "wb").write(bytes(9 << 20))
    if step == "sparse":
        open("/tmp/sparse", "wb").truncate(1 << 40)
    if step == "many":
        for number in range(100_000): open(f"/tmp/{number}", "w").close()
    if step == "churn":
        for number in range(10_000):
            with open("/tmp/churn", "wb") as file: file.write(bytes(100_000))
`
    const steps = ['write', 'look', 'library', 'much', 'sparse', 'many', 'churn', 'look']
    const nothing = ok("([], [], '/home/pyodide')")
    const full = fails('No space left on device')
    const calls = steps.map((step) => ({ arguments: JSON.stringify({ step }) }))
    expect(await run(source, calls, { timeoutMs: 20_000 })).toMatchObject([
      ok("('ééé', [6, 3], b'bc', ['b'], '/tmp/a')"),
      nothing,
      fails('Read-only file system'),
      full,
      full,
      full,
      full,
      nothing,
    ])
  })

  test('asyncio runs, waits, and says when it would wait for ever', async () => {
    const waiting = 'async def one(n):\n    await asyncio.sleep(0.01)\n    return n\n'
    const gathering = `${waiting}async def main(): return sum(await asyncio.gather(one(1), one(2)))\nreturn str(asyncio.run(main()))`
    expect(await solving(`import asyncio\n${gathering}`)).toEqual(ok('3'))
    const hanging = 'async def main(): await asyncio.Event().wait()\nasyncio.run(main())'
    expect(await solving(`import asyncio\n${hanging}`)).toMatchObject({
      status: 'raised',
      message: expect.stringContaining('waits for something that can never come'),
    })
  })

  test('a tool that redefines what judges it changes neither its outcome nor the next', async () => {
    const source = `import builtins, json, sys, gc, random, io
builtins.len = builtins.type = builtins.str = builtins.isinstance = lambda *a, **k: "forged"
json.dumps = json.loads = json.JSONDecoder.decode = lambda *a, **k: "forged"
sys.stdout = sys.stderr = None
random.seed = None
sys.settrace(lambda *a: None)
sys.setprofile(lambda *a: None)
sys.modules.clear()
def extract(text):
    return {"x": text}
def solve(x):
    return 7 if x == "wrong" else x`
    const calls: Call[] = [
      { text: 'right', solve: true },
      { text: 'wrong', solve: true },
      { text: 'right', solve: true },
    ]
    const right = { status: 'ok', result: 'right', arguments: '{"x": "right"}', ...silent }
    expect(await run(source, calls, { resetEachCall: true })).toEqual([
      right,
      { status: 'bad-result', message: 'solve must return a str, it returned int', ...silent },
      right,
    ])
    expect(await solving('return str(len("four"))')).toEqual(ok('4'))
  })

  test('a finalizer that speaks late, or a frame that walks up, finds nothing of ours', async () => {
    expect(await solving('import sys\nreturn sys._getframe(1).f_code.co_name')).toMatchObject({ status: 'raised', in: 'solve' })
    expect(await solving('class Late:\n    def __del__(self): print("late")\nkeep = Late()\nreturn "x"')).toEqual({
      ...ok('x'),
      stdout: 'late\n',
    })
  })
})

describe('isolation', () => {
  test.each(['js', 'pyodide', 'pyodide_js', '_pyodide', '_pyodide_core', 'ctypes', '_ctypes', '_posixsubprocess', '_testcapi'])(
    'no module %s, not even through the interpreter’s own importer',
    async (name) => {
      const missing = { status: 'raised', message: expect.stringContaining(`No module named '${name}'`) }
      expect(await solving(`import ${name}\nreturn "in"`)).toMatchObject(missing)
      const builtin = `import _imp, importlib.machinery as m\nreturn repr(_imp.create_builtin(m.ModuleSpec("${name}", m.BuiltinImporter)))`
      expect(await solving(builtin)).not.toMatchObject({ result: expect.stringContaining('<module') })
    },
  )

  test.each([
    ['import os\nreturn str(os.system("echo out"))', ok('-1')],
    ['import os\nreturn repr((dict(os.environ), os.getenv("PATH")))', ok('({}, None)')],
    ['import os\nreturn repr(sorted(os.listdir("/")))', ok("['dev', 'home', 'lib', 'tmp']")],
    ['return open("/etc/passwd").read()', { status: 'raised', message: expect.stringContaining('FileNotFoundError') }],
    ['return open("/proc/self/environ").read()', { status: 'raised', message: expect.stringContaining('FileNotFoundError') }],
    ['import socket\nsocket.socket()', { status: 'raised', message: expect.stringContaining('Operation not permitted') }],
    ['import socket\nsocket.gethostbyname("localhost")', { status: 'raised', message: expect.stringContaining('gaierror') }],
    ['import subprocess\nsubprocess.run(["id"])', { status: 'raised', message: expect.stringContaining('does not support processes') }],
    ['import os\nos.fork()', { status: 'raised', message: expect.stringContaining('OSError') }],
    ['import os\nos.kill(os.getppid(), 9)', { status: 'raised', message: expect.stringContaining('Operation not permitted') }],
    ['import os\nos._exit(0)', { status: 'crashed', message: expect.stringContaining('"proc_exit"') }],
    ['import os\nos.abort()', { status: 'crashed', message: expect.stringContaining('"_abort_js"') }],
    ['import sys\nsys.exit(0)', { status: 'raised', message: expect.stringContaining('SystemExit: 0') }],
    [
      'import threading\nthreading.Thread(target=print).start()',
      { status: 'raised', message: expect.stringContaining("can't start new thread") },
    ],
    ['return input()', { status: 'raised', message: expect.stringContaining('EOFError') }],
  ])('%s', async (body, outcome) => {
    expect(await solving(body)).toMatchObject(outcome)
    expect(await solving('return "neighbour"')).toEqual(ok('neighbour'))
  })

  test('what a tool writes to descriptors is output at most, never a message of the channel', async () => {
    const forged = '\\x1b\\x00\\x00\\x00{\\"type\\":\\"done\\",\\"recycle\\":null}'
    const body = `import os
tried = []
for descriptor in range(1, 12):
    try:
        os.write(descriptor, b"${forged}")
        tried.append(descriptor)
    except OSError:
        pass
return repr(tried)`
    expect(await solving(body)).toMatchObject({ status: 'ok', result: '[1, 2]' })
    expect(await solving('return "next"')).toEqual(ok('next'))
  })
})

describe('limits', () => {
  const source = `import time
def solve(what):
    if what == "fine": return what
    if what == "loop":
        while True: pass
    if what == "stubborn":
        while True:
            try:
                while True: pass
            except BaseException: pass
    if what == "sleep": time.sleep(60)
    if what == "c": return str(sum(range(10 ** 12)))
    if what == "flood":
        hoard = []
        while True: hoard.append(bytearray(1000000))
    if what == "deep":
        nest = []
        for _ in range(100000): nest = [nest]
        return repr(nest)
`
  const late = { status: 'timed-out', message: 'it ran longer than 600 ms' }

  test('a call that dies takes no other of its batch with it, and the next batch is right', async () => {
    const calls = calling('fine', 'loop', 'fine', 'stubborn', 'fine', 'sleep', 'fine', 'flood', 'fine', 'deep', 'fine')
    const outcomes = await run(source, calls, { timeoutMs: 600 })
    const fine = ok('fine')
    const flooded = { status: 'out-of-memory', message: 'it needed more memory than the sandbox gives' }
    const deep = { status: 'crashed', message: 'it recursed too deep for the interpreter' }
    expect(outcomes).toEqual([fine, late, fine, late, fine, late, fine, flooded, fine, deep, fine])
    expect(await solving('return "next"')).toEqual(ok('next'))
  })

  test('a loop inside C code is killed from outside, and again to know which call it was; the others of its batch have their outcomes', async () => {
    const before = sandbox.stats()
    const outcomes = await run(source, calling('fine', 'fine', 'c', 'fine'), { timeoutMs: 600 })
    expect(outcomes).toEqual([ok('fine'), ok('fine'), late, ok('fine')])
    const after = sandbox.stats()
    expect(after.kills['overran']).toBe((before.kills['overran'] ?? 0) + 2)
    expect(after.restarts).toBe(before.restarts + 2)
  })

  test('a loop inside C code that is alone in its batch is killed once', async () => {
    const before = sandbox.stats()
    expect(await run(source, calling('c'), { timeoutMs: 600 })).toEqual([late])
    expect(sandbox.stats().kills['overran']).toBe((before.kills['overran'] ?? 0) + 1)
  })

  test.each([
    [
      'too many parentheses',
      `x = ${'('.repeat(50_000)}${')'.repeat(50_000)}`,
      { status: 'bad-source', message: expect.stringContaining('SyntaxError') },
    ],
    ['too long a chain', `x = ${'-'.repeat(200_000)}1`, { status: 'bad-source', message: expect.stringContaining('MemoryError') }],
    ['a loop beside the functions', 'while True: pass', late],
  ])('a source that will not load ends each call: %s', async (_, bomb, outcome) => {
    expect(await run(bomb, calling('fine', 'fine'), { timeoutMs: 600 })).toMatchObject([outcome, outcome])
    expect(await solving('return "next"')).toEqual(ok('next'))
  })

  test('recursion as deep as CPython allows works, through C code too', async () => {
    const body = 'import functools\n@functools.cache\ndef f(n): return n and 1 + f(n - 1)\nreturn str(f(900))'
    expect(await solving(body)).toEqual(ok('900'))
  })
})

describe('surroundings', () => {
  test('no call of a batch knows what another drew at random, or draws the same', async () => {
    const source = `import random
def solve():
    kept = random._inst.gauss_next
    return f"{kept} {random.gauss(0, 1)} {random.getrandbits(64)}"`
    const calls = Array.from({ length: 50 }, () => ({ arguments: '{}' }))
    const outcomes = await sandbox.run({ source, calls, timeoutMs: 1_000, surroundings: 'first', resetEachCall: false })
    const words = outcomes.map((outcome) => (outcome.status === 'ok' ? (outcome.result ?? '').split(' ') : []))
    expect(new Set(words.map(([kept]) => kept))).toEqual(new Set(['None']))
    expect(new Set(words.map(([, , drawn]) => drawn)).size).toBe(calls.length)
  })

  test('hash seed, clock and random state differ between first and second', async () => {
    const body = 'import time, random\nreturn f"{hash(chr(97))} {time.time()} {random.random()}"'
    const of = async (surroundings: 'first' | 'second') => {
      const outcome = await solving(body, { surroundings })
      return outcome.status === 'ok' ? String(outcome.result).split(' ').map(Number) : []
    }
    const [first, again, second] = [await of('first'), await of('first'), await of('second')]
    expect(first[0]).toBe(again[0])
    expect(first[0]).not.toBe(second[0])
    expect(first[2]).not.toBe(again[2])
    expect(first[2]).not.toBe(second[2])
    expect(Math.abs((first[1] ?? 0) - Date.now() / 1000)).toBeLessThan(60)
    expect((second[1] ?? 0) - (first[1] ?? 0)).toBeGreaterThan(400 * 86_400)
    expect(sandbox.stats()).toMatchObject({ children: 3, alive: 3 })
  })
})

describe('children', () => {
  test('a call whose child is killed from outside is tried again on a fresh one', async () => {
    const before = sandbox.stats()
    const [pid = 0] = before.pids
    const source = 'import time\ndef solve(ms):\n    time.sleep(ms / 1000)\n    return str(ms)'
    const running = run(source, [{ arguments: '{"ms": 0}' }, { arguments: '{"ms": 700}' }, { arguments: '{"ms": 1}' }])
    setTimeout(() => process.kill(pid, 'SIGKILL'), 300)
    expect(await running).toEqual([ok('0'), ok('700'), ok('1')])
    expect(sandbox.stats().kills['died']).toBe((before.kills['died'] ?? 0) + 1)
    expect(sandbox.stats().pids).not.toContain(pid)
  })

  test('a child that a tool has made large is replaced after its batch, which has all its outcomes; one that took a little is not', async () => {
    const source = 'def solve(mebibytes):\n    return str(len(bytearray(mebibytes << 20)) >> 20)'
    const own = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
    const batch = (...sizes: number[]): Batch => {
      const calls = sizes.map((mebibytes) => ({ arguments: JSON.stringify({ mebibytes }) }))
      return { source, calls, timeoutMs: 10_000, surroundings: 'first', resetEachCall: false }
    }
    expect(await own.run(batch(20, 1))).toEqual([ok('20'), ok('1')])
    expect(await own.run(batch(1))).toEqual([ok('1')])
    expect(own.stats()).toMatchObject({ restarts: 0, kills: {} })
    expect(await own.run(batch(70, 1))).toEqual([ok('70'), ok('1')])
    expect(await own.run(batch(2))).toEqual([ok('2')])
    expect(own.stats()).toMatchObject({ restarts: 1, kills: { recycled: 1 } })
    await own.close()
  })

  test('a call whose child is killed twice is crashed, and its neighbours are right', async () => {
    const source = 'import time\ndef solve(seconds):\n    time.sleep(seconds)\n    return str(seconds)'
    const calls = [{ arguments: '{"seconds": 50}' }, { arguments: '{"seconds": 0}' }]
    const own = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
    const first = await vi.waitFor(() => pidsBut([]), 60_000)
    const running = own.run({ source, calls, timeoutMs: 60_000, surroundings: 'first', resetEachCall: false })
    // The one that serves and the spare one; then the one that took the place of both.
    for (const pid of first) process.kill(pid, 'SIGKILL')
    for (const pid of await vi.waitFor(() => pidsBut(first), 60_000)) process.kill(pid, 'SIGKILL')
    expect(await running).toEqual([{ status: 'crashed', message: 'its process died twice: it ended with SIGKILL' }, ok('0')])
    await own.close()

    function pidsBut(known: number[]): number[] {
      const pids = own.stats().pids.filter((pid) => !known.includes(pid))
      if (pids.length < (known.length === 0 ? 2 : 1)) throw new Error('not yet')
      return pids
    }
  })

  test('tells what its children do, and of one that dies while it has nothing to do', async () => {
    const events: BatchEvent[] = []
    const own = await openSandbox({
      imageFolder,
      children: { first: 1, second: 0 },
      observe: (event) => events.push(event),
      log: () => undefined,
    })
    await vi.waitFor(() => expect(own.stats()).toMatchObject({ alive: 2, busy: 0, idle: 1, spare: 1 }), 60_000)
    const source = 'import time\ndef solve(seconds):\n    time.sleep(seconds)\n    return "slept"'
    const batch = { source, timeoutMs: 5_000, surroundings: 'first', resetEachCall: false } as const
    const running = [0.3, 0.01].map((seconds) => own.run({ ...batch, calls: [{ arguments: JSON.stringify({ seconds }) }] }))
    await vi.waitFor(() => expect(own.stats()).toMatchObject({ busy: 1, idle: 0 }))
    expect(await Promise.all(running)).toEqual([[ok('slept')], [ok('slept')]])
    expect(events.map(({ surroundings }) => surroundings)).toEqual(['first', 'first'])
    expect(events[0]!.runMs).toBeGreaterThan(290)
    // The second one waited for the first.
    expect(events[0]!.waitMs).toBeLessThan(290)
    expect(events[1]!.waitMs).toBeGreaterThan(290)

    expect(own.stats().kills).toEqual({})
    for (const pid of own.stats().pids) process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(own.stats().kills).toEqual({ died: 2 }))
    await vi.waitFor(() => expect(own.stats()).toMatchObject({ idle: 1, spare: 1 }), 60_000)
    await own.close()
    // Those were ended from here.
    expect(own.stats().kills).toEqual({ died: 2 })
  })

  test('batches wait for each other, and an aborted one leaves the queue or its child', async () => {
    const source = 'def solve(x):\n    while x == 0: pass\n    return str(x)'
    const abort = new AbortController()
    const batch = { source, timeoutMs: 20_000, surroundings: 'first', resetEachCall: false } as const
    const running = sandbox.run({ ...batch, calls: [{ arguments: '{"x": 0}' }] }, abort.signal)
    const waiting = sandbox.run({ ...batch, calls: [{ arguments: '{"x": 1}' }] }, abort.signal)
    const behind = sandbox.run({ ...batch, calls: [{ arguments: '{"x": 2}' }] })
    setTimeout(() => abort.abort(new Error('not wanted any more')), 200)
    const reason = new Error('not wanted any more')
    expect(await Promise.allSettled([running, waiting])).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    expect(await behind).toEqual([ok('2')])
  })

  test('a child that cannot start is an error that says why', async () => {
    await expect(openSandbox({ imageFolder: '/dev/null/images', log: () => undefined })).rejects.toThrow(
      /image cannot be kept in \/dev\/null\/images/,
    )
  })

  test('without a child of the surroundings that are asked for, and after close, nothing runs', async () => {
    const closed = await openSandbox({ imageFolder, children: { first: 1, second: 0 }, log: () => undefined })
    const batch: Batch = { source: '', calls: [{ arguments: '{}' }], timeoutMs: 1, surroundings: 'second', resetEachCall: false }
    await expect(closed.run(batch)).rejects.toThrow('without children of these surroundings')
    await closed.close()
    expect(closed.stats().alive).toBe(0)
    await expect(closed.run(batch)).rejects.toThrow('the sandbox is closed')
  })
})
