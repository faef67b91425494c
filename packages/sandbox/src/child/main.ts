import { Script } from 'node:vm'
import { batchRunner } from './run-batch.ts'
import { bootInterpreter } from './boot-interpreter.ts'
import { readBatch, writeMessage } from './channel.ts'
import type { BatchMessage, ChildSettings } from './messages.ts'

/** Beyond what the parent gives a batch before it kills; so it only ever matters when the parent is gone. */
const ORPHAN_GRACE_MS = 10_000

// The parent wrote the argument, as JSON of exactly this type.
const settings: ChildSettings = JSON.parse(process.argv[2] ?? '')

try {
  const interpreter = await bootInterpreter(settings)
  const run = batchRunner(interpreter, writeMessage)
  // All files have been read; from here on not even JavaScript may read one.
  process.permission.drop('fs.read')
  writeMessage({ type: 'ready' })
  serve(run)
} catch (error) {
  writeMessage({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
}
process.exit(0)

/** One batch after the other, without an event loop, until the parent is gone or the interpreter cannot be put back. */
function serve(run: (batch: BatchMessage) => string | null): void {
  // A child whose parent died in mid-batch would run an endless tool for ever: Node's own time limit ends even loops inside C code.
  const bounded = Object.assign(globalThis, { runBatch: (): string | null => null })
  const script = new Script('runBatch()')
  for (let batch = readBatch(); batch; batch = readBatch()) {
    const current = batch
    bounded.runBatch = () => run(current)
    const timeout = (current.calls.length + 1) * current.timeoutMs + ORPHAN_GRACE_MS
    if (script.runInThisContext({ timeout }) !== null) return
  }
}
