import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { loadPyodide } from 'pyodide'
import type { Batch } from '../src/index.ts'

// A plain `loadPyodide()` in a plain Node process: what the sandbox would be without any of its layers. It runs tools one after the other in one
// interpreter, interrupts them when their time is up, and answers on descriptor 3, a line of JSON for each call.
// `node weakest-child.ts write|read <snapshot>`: writes a snapshot of the fresh interpreter and ends, or starts from it.

const CHANNEL = 3
const [mode, snapshotPath = ''] = process.argv.slice(2)

// Pyodide has both options, but does not list them among its types. A start from a snapshot is the same interpreter in a fifth of the time.
const options = mode === 'write' ? { _makeSnapshot: true } : { _loadSnapshot: readFileSync(snapshotPath) }
const python = await loadPyodide(options)
if (mode === 'write') {
  python.runPython(read('weakest-driver.py'))
  // So that what an innocent tool imports is loaded once, not in every child.
  const warm = python.globals.get('report')
  warm(read('innocent.py'), '{}')
  warm.destroy()
  writeFileSync(snapshotPath, python.makeMemorySnapshot())
  process.exit(0)
}

const report: { callPromising(source: string, callArguments: string): Promise<string> } = python.globals.get('report')
const interrupt = new Uint8Array(new SharedArrayBuffer(1))
python.setInterruptBuffer(interrupt)

/** Asks for an interrupt when the time is up, from a thread of its own: this one is busy with the tool. */
const INTERRUPTER = `const { workerData: { interrupt, timeoutMs } } = require('node:worker_threads')
setTimeout(() => { interrupt[0] = 2 }, timeoutMs)`

// A tool's own connections and promises, which fail when its call is long over, do not end it.
process.on('uncaughtException', () => undefined)

const send = (message: object) => writeSync(CHANNEL, `${JSON.stringify(message)}\n`)

const channel = new Socket({ fd: CHANNEL, readable: true, writable: false })
send({ type: 'ready' })
for await (const line of createInterface({ input: channel })) {
  // The parent wrote it.
  const batch: Batch = JSON.parse(line)
  for (const call of batch.calls) {
    const interrupter = new Worker(INTERRUPTER, { eval: true, workerData: { interrupt, timeoutMs: batch.timeoutMs } })
    try {
      const outcome = await report.callPromising(batch.source, 'arguments' in call ? call.arguments : '{}')
      writeSync(CHANNEL, `{"type":"outcome","outcome":${outcome}}\n`)
    } catch (error) {
      send({ type: 'outcome', outcome: { status: 'crashed', message: String(error).trim().split('\n').at(-1) } })
    }
    await interrupter.terminate()
    interrupt[0] = 0
  }
}
process.exit(0)

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}
