import { inExtract, inSolve, type Technique, whenLoaded, withResets } from '../runaway.ts'

const LATE = 'def late(*_):\n    while True: pass\n'

/** Ends of the process, or what looks like one. */
export const ENDS: Technique = {
  'os.abort': inSolve('crashed', 'import os\nos.abort()'),
  'os.abort in extract': inExtract('crashed', 'import os\nos.abort()'),
  'os.abort beside the functions': whenLoaded('crashed', 'import os\nos.abort()'),
  'os._exit': inSolve('crashed', 'import os\nos._exit(0)'),
  'os.kill': inSolve('crashed', 'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)'),
  'fault in memory': inSolve('crashed', 'import faulthandler\nfaulthandler._sigsegv()'),
  'code that is none': inSolve(
    'crashed',
    String.raw`
def broken(): pass
broken.__code__ = broken.__code__.replace(co_code=b"\xff\xff" * 8, co_stacksize=1)
broken()`,
  ),
  'sys.exit': inSolve('raised', 'import sys\nsys.exit(0)'),
  'sys.exit beside the functions': whenLoaded('bad-source', 'import sys\nsys.exit(0)'),
  quit: inSolve('raised', 'quit()'),
  'SystemExit in extract': inExtract('raised', 'raise SystemExit'),
  KeyboardInterrupt: inSolve('raised', 'raise KeyboardInterrupt'),
  GeneratorExit: inSolve('raised', 'raise GeneratorExit'),
  'feigned MemoryError': inSolve('out-of-memory', 'raise MemoryError'),
}

export const SIGNALS: Technique = {
  'SIGABRT raised': inSolve('crashed', 'import signal\nsignal.raise_signal(signal.SIGABRT)'),
  'handler that loops': inSolve(
    'crashed',
    `import signal\n${LATE}signal.signal(signal.SIGTERM, late)\nsignal.raise_signal(signal.SIGTERM)`,
  ),
  'handler of a loop': inSolve('timed-out', `import signal\n${LATE}for number in (2, 10, 14, 15): signal.signal(number, late)\nlate()`),
  alarm: inSolve('raised', 'import signal\nsignal.alarm(1)\nwhile True: pass'),
}

/** Code that runs when its call is over, or nearly. */
export const FINALIZERS: Technique = {
  'loop in __del__': inSolve(
    'timed-out',
    `
class Late:
    def __del__(self):
        while True: pass
Late()`,
  ),
  'loop in __del__, after the result': inSolve(
    'timed-out',
    `
global late
class Late:
    def __del__(self):
        while True: pass
late = Late()
return "survived"`,
  ),
  'loop in __del__ of a cycle': inSolve(
    'timed-out',
    `
import gc
class Late:
    def __del__(self):
        while True: pass
late = Late()
late.itself = late
del late
gc.collect()`,
  ),
  'cycle left for the next call': withResets(
    inSolve(
      'ok',
      `
class Late:
    def __del__(self):
        while True: pass
late = Late()
late.itself = late
return "survived"`,
    ),
  ),
  'object that rises again': inSolve(
    'timed-out',
    `
global late
class Late:
    def __del__(self):
        global late
        late = self
late = Late()
while True: late = None`,
  ),
  'object that makes another': inSolve(
    'ok',
    `
global late
class Late:
    def __del__(self):
        global late
        late = Late()
late = Late()
return "survived"`,
  ),
  'exit in __del__': inSolve(
    'ok',
    `
class Late:
    def __del__(self): raise SystemExit
Late()
return "survived"`,
  ),
  'weakref callback': inSolve(
    'timed-out',
    `
import weakref
class Thing: pass
thing = Thing()
${LATE}watch = weakref.ref(thing, late)
del thing`,
  ),
  'generator’s finally': inSolve(
    'timed-out',
    `
def wait():
    try: yield
    finally:
        while True: pass
step = wait()
next(step)
del step`,
  ),
  'callback of the collector': inSolve('timed-out', `import gc\n${LATE}gc.callbacks.append(late)\ngc.collect()`),
  'callback of the collector, left behind': withResets(inSolve('ok', `import gc\n${LATE}gc.callbacks.append(late)\nreturn "survived"`)),
  'atexit, run at once': inSolve('timed-out', `import atexit\n${LATE}atexit.register(late)\natexit._run_exitfuncs()`),
  'atexit, left behind': inSolve('ok', `import atexit\n${LATE}atexit.register(late)\nreturn "survived"`),
  'profile function, left behind': inSolve('timed-out', `import sys\n${LATE}sys.setprofile(late)\nreturn "survived"`),
}
