import { randomFillSync } from 'node:crypto'
import { clockCalls } from './clock-calls.ts'
import { fileCalls } from './file-calls.ts'
import { makeFileTree } from './file-tree.ts'
import type { Heap } from './memory.ts'
import { Stop } from './stop.ts'

/** What stands between the interpreter and this process. */
export interface Gate {
  /** Opens the time of a call, with nothing captured and nothing written yet. */
  begin: (timeoutMs: number) => void
  /** Ends the time of a call and hands over what it wrote. */
  end: () => { stdout: string; stderr: string }
  /** Files, descriptors and the current folder as they were at first. Returns why that cannot be proved, or null. */
  reset: () => string | null
}

export interface GateOptions {
  clockOffsetMs: number
  outputBytes: number
  fileBytes: number
  /** The whole memory may grow to this size. */
  heapBytes: number
  /** The image's files by path. */
  files: ReadonlyMap<string, Uint8Array>
  home: string
  /** Called again and again while a call runs, unless it is in C code that asks nothing. */
  onTick: () => void
}

/**
 * Everything that the interpreter can call. Nothing of Pyodide's JavaScript exists in this process: an import either is answered here, or traps, which ends the
 * call as `crashed` with a message that names the import.
 *
 * | imports | answer |
 * | --- | --- |
 * | `clock_res_get`, `clock_time_get`, `emscripten_date_now`, `emscripten_get_now`, `_gmtime_js`, `_localtime_js`, `_mktime_js`, `_timegm_js`, `_tzset_js` | the time in UTC, moved by the offset of the surroundings where it is a date |
 * | `random_get` | real randomness |
 * | `_Py_CheckEmscriptenSignals_Helper` | no signal; ends the call when its time is up (every 50 jumps or calls of Python code) |
 * | `fd_…`, `__syscall_…` of files (clock-calls.ts, file-calls.ts) | the image's files for reading; `/tmp` and the home folder for writing, limited in size; standard output and error, captured |
 * | every other `__syscall_…` (sockets, pipes, poll, signals) | EPERM |
 * | `emscripten_resize_heap`, `emscripten_get_heap_max` | memory up to the limit, then MemoryError |
 * | `environ_get`, `environ_sizes_get` | no variables |
 * | `_dlopen_js`, `_emscripten_system`, `getaddrinfo`, `getnameinfo`, `getprotobyname`, `can_run_sync_js` | fail |
 * | `_maybe_…_async`, `_try_fcntl64`, `_try_shutdown` | "not a socket of mine", so that the system call decides |
 * | `Jsv_GetError_import`, `JsvError_Check`, `emscripten_runtime_keepalive_push`, `…pop` | nothing |
 */
const CONSTANT: Record<string, number | undefined> = {
  _dlopen_js: 0,
  _emscripten_system: -1,
  getaddrinfo: -4,
  getnameinfo: -4,
  getprotobyname: 0,
  can_run_sync_js: 0,
  _maybe_poll_async: undefined,
  _maybe_connect_async: undefined,
  _maybe_recvfrom_async: undefined,
  _maybe_sendto_async: undefined,
  _try_fcntl64: 0,
  _try_shutdown: 0,
  Jsv_GetError_import: undefined,
  JsvError_Check: 0,
  emscripten_runtime_keepalive_push: undefined,
  emscripten_runtime_keepalive_pop: undefined,
}

const EPERM = 63
const PAGE_BYTES = 65_536
/** The most that a call may take on a busy machine, in multiples of its limit. */
const PATIENCE = 3
const USED_KEPT_MS = 1

type Imported = (...args: unknown[]) => unknown

/** `heap` and `memory` are asked for only when a call comes in: the instance that has them needs these imports first. */
export function openGate(
  options: GateOptions,
  heap: Heap,
  memory: () => WebAssembly.Memory,
): Gate & { importsFor(needed: WebAssembly.ModuleImportDescriptor[]): WebAssembly.Imports } {
  const now = performance.now.bind(performance)
  let deadline = Number.POSITIVE_INFINITY
  let lastDeadline = 0
  let timeoutMs = 0
  let usedAtBegin = 0
  let usedLookedAt = Number.NEGATIVE_INFINITY
  let torn: string | null = null
  let outputBytes = 0
  let written: { to: 'stdout' | 'stderr'; bytes: Uint8Array }[] = []

  const checkTime = () => {
    options.onTick()
    const at = now()
    if (at <= deadline) return
    // On a busy machine a call may not have had its time yet: what it lacks is given to it.
    const lacksMs = timeoutMs - (usedMs() - usedAtBegin)
    if (lacksMs > 1 && at < lastDeadline) deadline = Math.min(at + lacksMs, lastDeadline)
    else throw new Stop('timed-out', `it ran longer than ${timeoutMs} ms`)
  }
  const print = (to: 'stdout' | 'stderr', bytes: Uint8Array) => {
    outputBytes += bytes.length
    if (outputBytes > options.outputBytes) throw new Stop('output-too-large', `it printed more than ${options.outputBytes} bytes`)
    if (bytes.length > 0) written.push({ to, bytes: bytes.slice() })
  }
  const files = fileCalls(heap, makeFileTree(options.files, options.fileBytes), options.home, print)

  const answers: Record<string, Imported> = {
    ...files.calls,
    ...clockCalls(heap, options.clockOffsetMs, checkTime),
    _Py_CheckEmscriptenSignals_Helper: () => {
      checkTime()
      return 0
    },
    random_get: (pointer, length) => {
      randomFillSync(heap.bytes(Number(pointer), Number(length)))
      return 0
    },
    environ_sizes_get: (count, size) => {
      heap.setUint32(Number(count), 0)
      heap.setUint32(Number(size), 0)
      return 0
    },
    environ_get: () => 0,
    emscripten_get_heap_max: () => options.heapBytes,
    emscripten_resize_heap: (wanted) => {
      const bytes = Number(wanted) >>> 0
      const missing = bytes - heap.size()
      if (bytes > options.heapBytes) return 0
      if (missing > 0) memory().grow(Math.ceil(missing / PAGE_BYTES))
      return 1
    },
  }

  function answerTo(name: string): Imported {
    const answer = answers[name]
    if (answer !== undefined) return guarded(name, answer)
    if (name in CONSTANT) return () => CONSTANT[name]
    if (name.startsWith('__syscall_')) return () => -EPERM
    return () => {
      throw new Stop('crashed', `it reached for "${name}", which nothing answers in the sandbox`)
    }
  }

  /** A stack that overflows in the midst of an answer leaves this side's state unknown: then no reset proves anything. */
  function guarded(name: string, answer: Imported): Imported {
    return (...args) => {
      try {
        return answer(...args)
      } catch (error) {
        if (!(error instanceof Stop)) torn ??= `${name} was cut short`
        throw error
      }
    }
  }

  return {
    importsFor: (needed) => {
      const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
      for (const { module, name, kind } of needed) {
        const group = (imports[module] ??= {})
        // The globals are places in the function table of things that are not there (WebGL, a console): an empty place traps.
        group[name] = kind === 'function' ? answerTo(name) : new WebAssembly.Global({ value: 'i32', mutable: true }, 0)
      }
      return imports
    },
    begin: (limitMs) => {
      // Each call has the files, and the room, of a first one.
      files.reset()
      timeoutMs = limitMs
      const at = now()
      // Asking costs as much as a tenth of a small call, so it is asked again only after a while: the call is then thought to have used that while too.
      if (at - usedLookedAt > USED_KEPT_MS) {
        usedAtBegin = usedMs()
        usedLookedAt = at
      }
      deadline = at + limitMs
      lastDeadline = at + PATIENCE * limitMs
      outputBytes = 0
      written = []
    },
    end: () => {
      deadline = Number.POSITIVE_INFINITY
      const textOf = (name: string) => Buffer.concat(written.filter(({ to }) => to === name).map(({ bytes }) => bytes)).toString('utf8')
      const output = written.length === 0 ? { stdout: '', stderr: '' } : { stdout: textOf('stdout'), stderr: textOf('stderr') }
      written = []
      return output
    },
    reset: () => {
      files.reset()
      return torn
    },
  }
}

/** Processor time that this thread has used, in ms. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
