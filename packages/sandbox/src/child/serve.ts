import { Script } from 'node:vm'
import { openSender, readMessage } from './channel.ts'
import type { Interpreter } from './interpreter.ts'
import type { BatchMessage, ChildSettings } from './messages.ts'
import { batchRunner } from './run-batch.ts'

/** Beyond what the parent gives a batch before it kills; so it only ever matters when the parent is gone. */
const ORPHAN_GRACE_MS = 10_000

/** Opens the interpreter with the settings that come first, then serves one batch after the other, without an event loop, until the parent is gone or the interpreter cannot be put back. */
export async function serve(open: (settings: ChildSettings, onTick: () => void) => Interpreter | Promise<Interpreter>): Promise<void> {
  const sender = openSender()
  let run: (batch: BatchMessage) => string | null
  try {
    // The protocol's first message.
    run = batchRunner(await open(readMessage() as ChildSettings, sender.flushIfQuiet), sender)
  } catch (error) {
    sender.put({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return sender.flush()
  }
  sender.put({ type: 'ready' })
  sender.flush()
  // A child whose parent died in mid-batch would run an endless tool for ever: Node's own time limit ends even loops inside C code.
  const bounded = Object.assign(globalThis, { runBatch: (): string | null => null })
  const script = new Script('runBatch()')
  for (;;) {
    // All that follow are batches.
    const batch = readMessage() as BatchMessage | null
    if (batch === null) return
    bounded.runBatch = () => run(batch)
    const timeout = (batch.calls.length + 1) * batch.timeoutMs + ORPHAN_GRACE_MS
    if (script.runInThisContext({ timeout }) !== null) return
  }
}
