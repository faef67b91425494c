import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeFrame, frameDecoder } from './child/frames.ts'
import type { BatchMessage, ChildSettings } from './child/messages.ts'
import { ChildMessage } from './child-message.ts'
import type { Outcome } from './outcome.ts'

/** How a batch ended in a child. After all but `done` the child is gone or going. */
type Ending =
  | { how: 'done' }
  /** The interpreter could not be put back to its frozen state. */
  | { how: 'recycled'; why: string }
  /** Killed: not even the child's own time limit ended it, as in a loop inside C code. */
  | { how: 'overran'; isCompiling: boolean }
  | { how: 'died'; why: string }

export interface Child {
  pid: number
  isAlive(): boolean
  /** Runs one batch at a time. An outcome is given as soon as its call has finished. Never rejects. */
  run(batch: BatchMessage, onOutcome: (outcome: Outcome) => void): Promise<Ending>
  kill(why: string): void
  /** Why it ended. */
  exited: Promise<string>
}

const PYODIDE_FOLDER = dirname(fileURLToPath(import.meta.resolve('pyodide/package.json')))
const CHILD_FOLDER = fileURLToPath(new URL('./child/', import.meta.url))
const PACKAGE_JSON = fileURLToPath(new URL('../package.json', import.meta.url))
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
const MAX_STDERR_CHARACTERS = 4_000
/** The child ends a call itself when its time is up; what still runs this much later is killed. */
const KILL_GRACE_MS = 1_000
const CHANNEL = 3

const NODE_FLAGS = [
  '--permission',
  `--allow-fs-read=${CHILD_FOLDER}`,
  `--allow-fs-read=${PYODIDE_FOLDER}`,
  `--allow-fs-read=${PACKAGE_JSON}`,
  '--disallow-code-generation-from-strings',
  '--no-experimental-sqlite',
  '--no-addons',
  // Recursion through C code (a cached function that calls itself) needs about 2 KB of stack a level; main threads have 8 MB.
  '--stack-size=3800',
]

/** Starts a child and waits until its interpreter stands. Throws a plain Error that says why it does not. */
export async function startChild(options: Omit<ChildSettings, 'pyodideFolder'> & { startTimeoutMs: number }): Promise<Child> {
  const { startTimeoutMs, ...rest } = options
  const settings: ChildSettings = { ...rest, pyodideFolder: PYODIDE_FOLDER }
  const started = spawn(process.execPath, [...NODE_FLAGS, `${CHILD_FOLDER}main.ts`, JSON.stringify(settings)], {
    // Nothing of the parent's environment; the zone is set so that a tool's local time is the same on every machine.
    env: { TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const channel = duplex(started.stdio[CHANNEL])
  let stderr = ''
  let killedWhy: string | null = null
  let onMessage: (message: ChildMessage) => void = () => kill('it spoke out of turn')
  const decode = frameDecoder(MAX_MESSAGE_BYTES)

  function kill(why: string): void {
    killedWhy ??= why
    started.kill('SIGKILL')
  }

  const exited = new Promise<string>((resolve) => {
    started.once('error', (error) => resolve(`it could not be started: ${error.message}`))
    started.once('close', (code, signal) =>
      resolve(killedWhy ?? `it ended with ${signal ?? `exit code ${code}`}${stderr && `: ${stderr}`}`),
    )
  })
  let isAlive = true
  void exited.then(() => {
    isAlive = false
  })

  started.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS)
  })
  // A child that dies while something is written to it; its end is reported by `exited`.
  channel.on('error', () => undefined)
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const body of decode(chunk)) onMessage(ChildMessage.parse(JSON.parse(body.toString('utf8'))))
    } catch (error) {
      kill(`it sent something that is no message: ${String(error).slice(0, 300)}`)
    }
  })

  function run(batch: BatchMessage, onOutcome: (outcome: Outcome) => void): Promise<Ending> {
    const { promise, resolve } = Promise.withResolvers<Ending>()
    let isCompiling = true
    let missing = batch.calls.length
    let hasOverrun = false
    const limitMs = batch.timeoutMs + KILL_GRACE_MS
    let timer = setTimeout(overrun, limitMs)

    function overrun(): void {
      const seen = missing
      // This process may have been the slow one: what the child has already written is read before it is judged.
      setImmediate(() => {
        if (missing !== seen || onMessage !== receive) return
        hasOverrun = true
        kill(`a call ran ${limitMs} ms`)
      })
    }
    function end(ending: Ending): void {
      clearTimeout(timer)
      onMessage = () => kill('it spoke out of turn')
      resolve(ending)
    }
    function receive(message: ChildMessage): void {
      clearTimeout(timer)
      if (hasOverrun) return
      timer = setTimeout(overrun, limitMs)
      if (message.type === 'compiled' && isCompiling) isCompiling = false
      else if (message.type === 'outcome' && missing > 0) {
        missing--
        onOutcome(message.outcome)
      } else if (message.type === 'done' && message.recycle !== null) end({ how: 'recycled', why: message.recycle })
      else if (message.type === 'done' && missing === 0) end({ how: 'done' })
      else kill(`it sent "${message.type}" out of turn`)
    }

    onMessage = receive
    channel.write(encodeFrame(batch))
    void exited.then((why) => end(hasOverrun ? { how: 'overran', isCompiling } : { how: 'died', why }))
    return promise
  }

  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => kill(`it was not ready after ${startTimeoutMs} ms`), startTimeoutMs)
    onMessage = (message) => {
      clearTimeout(timer)
      if (message.type === 'ready') return resolve()
      kill(message.type === 'failed' ? message.message : `it began with "${message.type}"`)
    }
    void exited.then((why) => {
      clearTimeout(timer)
      reject(new Error(`a sandbox child did not start: ${why}`))
    })
  })
  onMessage = () => kill('it spoke out of turn')
  // It has spoken, so it has one.
  return { pid: started.pid ?? 0, isAlive: () => isAlive, run, kill, exited }
}

/** Descriptors beyond the third are typed as maybe one-way; a pipe that Node opened is a socket. */
function duplex(stream: unknown): Duplex {
  if (!(stream instanceof Duplex)) throw new Error('a sandbox child without a channel')
  return stream
}
