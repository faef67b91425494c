import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** A CPython of this machine: the program itself, whatever wrapper stands on the PATH. */
export interface NativePython {
  path: string
  version: string
}

export interface WarmPython {
  pid: number
  /** The tool's results for these texts, in order, in one crossing. Rejects when the process ends. */
  run(source: string, texts: readonly string[]): Promise<(string | null)[]>
  close(): Promise<void>
}

const LOOP = fileURLToPath(new URL('warm-python.py', import.meta.url))
const HEADER_BYTES = 4
const Found = z.tuple([z.string(), z.string()])
const Outcomes = z.array(z.object({ arguments: z.string(), result: z.string().nullable() }))

/** Null where this machine has none on its PATH. */
export function findPython(inherited: NodeJS.ProcessEnv): NativePython | null {
  const ask = 'import json, platform, sys; print(json.dumps([sys.executable, platform.python_version()]))'
  const { status, stdout } = spawnSync('python3', ['-c', ask], { env: inherited, encoding: 'utf8' })
  if (status !== 0) return null
  const [path, version] = Found.parse(JSON.parse(stdout))
  return { path, version }
}

/** One process that serves one batch after the other. */
export function startWarmPython(python: NativePython, inherited: NodeJS.ProcessEnv): WarmPython {
  const started = spawn(python.path, [LOOP], { env: inherited, stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  let pending: Buffer = Buffer.alloc(0)
  let waiting: { resolve: (results: (string | null)[]) => void; reject: (error: Error) => void } | null = null
  started.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2_000)
  })
  // A process that dies while something is written to it; `close` tells.
  started.stdin.on('error', () => undefined)
  started.stdout.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    if (pending.length < HEADER_BYTES || pending.length < HEADER_BYTES + pending.readUInt32LE(0)) return
    const outcomes = Outcomes.parse(JSON.parse(pending.subarray(HEADER_BYTES).toString('utf8')))
    pending = Buffer.alloc(0)
    waiting?.resolve(outcomes.map(({ result }) => result))
    waiting = null
  })
  const closed = new Promise<void>((resolve) => {
    const end = (why: string) => {
      waiting?.reject(new Error(`python3 ended (${why}): ${stderr}`))
      waiting = null
      resolve()
    }
    started.once('error', (error) => end(error.message))
    started.once('close', (code, signal) => end(String(signal ?? code)))
  })
  return {
    pid: started.pid ?? 0,
    run: (source, texts) => {
      const { promise, resolve, reject } = Promise.withResolvers<(string | null)[]>()
      waiting = { resolve, reject }
      const body = Buffer.from(JSON.stringify({ source, texts }), 'utf8')
      const header = Buffer.allocUnsafe(HEADER_BYTES)
      header.writeUInt32LE(body.length, 0)
      started.stdin.write(Buffer.concat([header, body]))
      return promise
    },
    close: async () => {
      started.stdin.end()
      await closed
    },
  }
}

/** The tool's result for one text, by a process that is started for it. */
export function runFreshPython(python: NativePython, source: string, text: string, inherited: NodeJS.ProcessEnv): Promise<string> {
  const program = `${source}\nimport sys\nsys.stdout.write(solve(**extract(sys.argv[1])))\n`
  return new Promise((resolve, reject) => {
    const started = spawn(python.path, ['-c', program, text], { env: inherited, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    started.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
    started.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
    started.once('error', reject)
    started.once('close', (code) => (code === 0 ? resolve(stdout) : reject(new Error(`python3 -c ended with ${code}: ${stderr}`))))
  })
}
