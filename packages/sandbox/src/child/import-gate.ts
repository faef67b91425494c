import { randomFillSync } from 'node:crypto'
import type { FileSystem, Heap } from './pyodide-module.ts'
import type { ImportedFunction } from './capture-instance.ts'

/** Thrown through the interpreter to end a call. Python cannot catch it; the heap must be reset after it. */
export class Stop extends Error {
  readonly status: 'timed-out' | 'output-too-large' | 'crashed'
  constructor(status: Stop['status'], message: string) {
    super(message)
    this.name = 'Stop'
    this.status = status
  }
}

/**
 * What answers once the gate is locked. Everything that is not named in this file traps: the call ends as `crashed` and the message names the import.
 *
 * | imports | answer |
 * | --- | --- |
 * | `clock_res_get`, `clock_time_get`, `emscripten_date_now`, `emscripten_get_now` | the time, moved by the offset of the surroundings where it is a date |
 * | `_gmtime_js`, `_localtime_js`, `_mktime_js`, `_timegm_js` | calendar arithmetic; the child's zone is UTC |
 * | `random_get` | real randomness |
 * | `_Py_CheckEmscriptenSignals_Helper` | no signal; ends the call when its time is up (every 50 jumps or calls of Python code) |
 * | `__syscall_openat` | opens for reading; for writing only /dev/null; other devices: EACCES |
 * | `fd_read`, `fd_pread`, `fd_seek`, `fd_close`, `fd_fdstat_get` | of files opened for reading; standard input is empty |
 * | `fd_write` | standard output and error, counted; nothing for /dev/null; others: EBADF |
 * | `__syscall_stat64`, `…lstat64`, `…fstat64`, `…newfstatat`, `…faccessat`, `…getdents64`, `…readlinkat`, `…getcwd` | of the in-memory files, which hold the standard library alone |
 * | `__syscall_fcntl64`, `__syscall_ioctl` | descriptor flags; nothing is a terminal |
 * | `__syscall_getuid32_js`, `__syscall_umask_js`, `__syscall_fadvise64`, `fd_sync`, `__syscall_fdatasync` | a constant |
 * | `emscripten_resize_heap`, `emscripten_get_heap_max` | no more memory, which Python sees as MemoryError |
 * | `_dlopen_js`, `_emscripten_system`, `getaddrinfo`, `getnameinfo`, `getprotobyname`, `can_run_sync_js` | fail |
 * | `_maybe_…_async`, `_try_fcntl64`, `_try_shutdown` | "not a socket of mine", so that the system call decides |
 * | file-system calls that change something | EROFS |
 * | every other `__syscall_…` (sockets, pipes, poll) | EPERM |
 * | `Jsv_GetError_import`, `JsvError_Check`, `emscripten_runtime_keepalive_push`, `…pop` | as they are: they hold and give nothing |
 */
const AS_THEY_ARE = new Set([
  'clock_res_get',
  '_gmtime_js',
  '_localtime_js',
  '_mktime_js',
  '_timegm_js',
  'Jsv_GetError_import',
  'JsvError_Check',
  'emscripten_runtime_keepalive_push',
  'emscripten_runtime_keepalive_pop',
])

/** They answer from the in-memory file system, whose state an exception in their midst (a stack that overflows) could leave torn. */
const READING_FILES = new Set([
  '__syscall_stat64',
  '__syscall_lstat64',
  '__syscall_fstat64',
  '__syscall_newfstatat',
  '__syscall_faccessat',
  '__syscall_getdents64',
  '__syscall_readlinkat',
  '__syscall_getcwd',
  'fd_fdstat_get',
])

const CHANGING_FILES = new Set([
  '__syscall_mkdirat',
  '__syscall_mknodat',
  '__syscall_unlinkat',
  '__syscall_rmdir',
  '__syscall_renameat',
  '__syscall_symlinkat',
  '__syscall_chmod',
  '__syscall_fchmod',
  '__syscall_fchmodat2',
  '__syscall_fchownat',
  '__syscall_fchown32',
  '__syscall_utimensat',
  '__syscall_truncate64',
  '__syscall_ftruncate64',
  '__syscall_fallocate',
])

const CONSTANT: Record<string, number | null> = {
  __syscall_getuid32_js: 0,
  __syscall_umask_js: 0o22,
  __syscall_fadvise64: 0,
  __syscall_fdatasync: 0,
  fd_sync: 0,
  emscripten_resize_heap: 0,
  _dlopen_js: 0,
  _emscripten_system: -1,
  getaddrinfo: -4,
  getnameinfo: -4,
  getprotobyname: 0,
  can_run_sync_js: 0,
  _maybe_poll_async: null,
  _maybe_connect_async: null,
  _maybe_recvfrom_async: null,
  _maybe_sendto_async: null,
  _try_fcntl64: 0,
  _try_shutdown: 0,
}

const ERRNO = { EACCES: 2, EBADF: 8, EINVAL: 28, ENOTTY: 59, EPERM: 63, EROFS: 69, ESPIPE: 70 }
const O_ACCMODE = 3
const O_CREAT_OR_TRUNC = 64 | 512
const F_GETFD = 1
const F_SETFD = 2
const F_GETFL = 3
const FIONCLEX = 0x5450
const FIOCLEX = 0x5451
const STDERR = 2
const MAX_OUTPUT_BYTES = 64 * 1024

export interface Gate {
  /** Stands between the interpreter and one of its imports. */
  wrap: (name: string, imported: ImportedFunction) => ImportedFunction
  /** From here on only the list answers. There is no way back. */
  lock: (parts: { heap: Heap; files: FileSystem }) => void
  /** Opens the time of a call and forgets captured output. `deadline` is a value of `performance.now()`. */
  begin: (deadline: number, timeoutMs: number) => void
  /** Ends the time of a call and hands over what it wrote. */
  end: () => { stdout: string; stderr: string }
  /** Whether an exception came out of the in-memory file system, so that a reset of the heap alone proves nothing. */
  isTorn: () => boolean
}

export function makeGate(options: { clockOffsetMs: number }): Gate {
  const now = performance.now.bind(performance)
  let locked: { heap: Heap; files: FileSystem } | null = null
  let deadline = Number.POSITIVE_INFINITY
  let timeoutMs = 0
  let isTorn = false
  let outputBytes = 0
  let written: { descriptor: number; bytes: Uint8Array }[] = []

  const checkTime = () => {
    if (now() > deadline) throw new Stop('timed-out', `it ran longer than ${timeoutMs} ms`)
  }

  const answers: Record<string, (imported: ImportedFunction, heap: Heap, files: FileSystem, args: readonly unknown[]) => unknown> = {
    _Py_CheckEmscriptenSignals_Helper: () => {
      checkTime()
      return 0
    },
    emscripten_get_now: (imported) => {
      // `time.sleep` is a loop over this clock, so it ends here too.
      checkTime()
      return imported()
    },
    emscripten_date_now: (imported) => Number(imported()) + options.clockOffsetMs,
    clock_time_get: (imported, heap, _files, args) => {
      checkTime()
      const errno = imported(...args)
      if (Number(args[0]) === 0 && errno === 0) heap.addToInt64(Number(args[2]), BigInt(options.clockOffsetMs) * 1_000_000n)
      return errno
    },
    random_get: (_imported, heap, _files, args) => {
      randomFillSync(heap.bytes(Number(args[0]), Number(args[1])))
      return 0
    },
    emscripten_get_heap_max: (_imported, heap) => heap.size(),
    __syscall_openat: (imported, heap, files, args) => {
      const flags = Number(args[2])
      const isChanging = (flags & O_ACCMODE) !== 0 || (flags & O_CREAT_OR_TRUNC) !== 0
      if (isChanging && heap.text(Number(args[1])) !== '/dev/null') return -ERRNO.EROFS
      const descriptor = Number(imported(...args))
      if (descriptor >= 0 && files.isDevice(descriptor)) {
        // Reading a device leaves a time on its node, and a terminal is the parent's.
        files.close(descriptor)
        return -ERRNO.EACCES
      }
      return descriptor
    },
    __syscall_fcntl64: (imported, _heap, _files, args) => {
      const command = Number(args[1])
      return command === F_GETFD || command === F_SETFD || command === F_GETFL ? imported(...args) : -ERRNO.EINVAL
    },
    __syscall_ioctl: (_imported, _heap, _files, args) => {
      const request = Number(args[1])
      return request === FIOCLEX || request === FIONCLEX ? 0 : -ERRNO.ENOTTY
    },
    fd_close: (imported, _heap, _files, args) => (Number(args[0]) <= STDERR ? 0 : imported(...args)),
    fd_seek: (imported, _heap, _files, args) => (Number(args[0]) <= STDERR ? ERRNO.ESPIPE : imported(...args)),
    fd_pread: (imported, _heap, _files, args) => (Number(args[0]) <= STDERR ? ERRNO.ESPIPE : imported(...args)),
    fd_read: (imported, heap, _files, args) => {
      if (Number(args[0]) > STDERR) return imported(...args)
      heap.setUint32(Number(args[3]), 0)
      return 0
    },
    fd_write: (_imported, heap, files, args) => {
      const [descriptor = -1, vectors = 0, count = 0, writtenPointer = 0] = args.map(Number)
      if (descriptor <= 0 || (descriptor > STDERR && !files.isNull(descriptor))) return ERRNO.EBADF
      let total = 0
      for (let index = 0; index < count; index++) {
        const pointer = heap.uint32(vectors + 8 * index)
        const length = heap.uint32(vectors + 8 * index + 4)
        total += length
        if (descriptor > STDERR || length === 0) continue
        outputBytes += length
        if (outputBytes > MAX_OUTPUT_BYTES) throw new Stop('output-too-large', `it printed more than ${MAX_OUTPUT_BYTES} bytes`)
        written.push({ descriptor, bytes: heap.bytes(pointer, length).slice() })
      }
      heap.setUint32(writtenPointer, total)
      return 0
    },
  }

  function answer(name: string, imported: ImportedFunction, parts: { heap: Heap; files: FileSystem }, args: readonly unknown[]): unknown {
    const special = answers[name]
    if (special) return special(imported, parts.heap, parts.files, args)
    if (READING_FILES.has(name)) return imported(...args)
    const constant = CONSTANT[name]
    if (constant !== undefined) return constant
    if (CHANGING_FILES.has(name)) return -ERRNO.EROFS
    if (name.startsWith('__syscall_')) return -ERRNO.EPERM
    throw new Stop('crashed', `it reached for "${name}", which nothing answers in the sandbox`)
  }

  return {
    wrap: (name, imported) => {
      if (AS_THEY_ARE.has(name)) return imported
      return (...args: unknown[]) => {
        if (!locked) return imported(...args)
        try {
          return answer(name, imported, locked, args)
        } catch (error) {
          // A stack that overflows while the in-memory file system works leaves it in an unknown state.
          if (!(error instanceof Stop) && (name.startsWith('__syscall_') || name.startsWith('fd_'))) isTorn = true
          throw error
        }
      }
    },
    lock: (parts) => {
      locked = parts
    },
    begin: (until, limitMs) => {
      deadline = until
      timeoutMs = limitMs
      outputBytes = 0
      written = []
    },
    end: () => {
      deadline = Number.POSITIVE_INFINITY
      const textOf = (descriptor: number) =>
        Buffer.concat(written.filter((piece) => piece.descriptor === descriptor).map((piece) => piece.bytes)).toString('utf8')
      const output = { stdout: textOf(1), stderr: textOf(STDERR) }
      written = []
      return output
    },
    isTorn: () => isTorn,
  }
}
