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
    const settings = readMessage() as ChildSettings
    run = batchRunner(await open(settings, sender.flushIfQuiet), sender)
    if (!settings.endsWithParent) run = bounded(run)
  } catch (error) {
    sender.put({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    return sender.flush()
  }
  sender.put({ type: 'ready' })
  sender.flush()
  for (;;) {
    // All that follow are batches.
    const batch = readMessage() as BatchMessage | null
    if (batch === null || run(batch) !== null) return
  }
}

/** A child whose parent died in mid-batch would run an endless tool for ever: Node's own time limit, which costs a thread for each batch, ends even loops inside C code. */
function bounded(run: (batch: BatchMessage) => string | null): (batch: BatchMessage) => string | null {
  const shared = Object.assign(globalThis, { runBatch: (): string | null => null })
  const script = new Script('runBatch()')
  return (batch) => {
    shared.runBatch = () => run(batch)
    // What the script returns is what `runBatch` does.
    return script.runInThisContext({ timeout: (batch.calls.length + 1) * batch.timeoutMs + ORPHAN_GRACE_MS }) as string | null
  }
}
