import type { Outcome } from '../outcome.ts'
import type { Interpreter } from './interpreter.ts'
import type { Sender } from './channel.ts'
import type { BatchMessage } from './messages.ts'
import { must } from './python.ts'
import { outcomeOfTrap, runCall, type ToolCode } from './run-call.ts'

const KEPT_SOURCES = 64

/** Runs batches one after the other; the interpreter is in its frozen state before and after each of them. A batch that has run comes to null, or why it should be the last. */
export function batchRunner(interpreter: Interpreter, sender: Sender): (batch: BatchMessage) => string | null {
  const { python, gate } = interpreter
  const { api, driver } = python
  /** Marshalled code by source. Made only by a clean interpreter, so that no tool can leave code for another. */
  const compiled = new Map<string, Uint8Array>()

  return (batch) => {
    const marshalled = compiled.get(batch.source) ?? compile(batch)
    let unproved: string | null = null
    if (marshalled instanceof Uint8Array) {
      sender.put({ type: 'compiled' })
      unproved = runCalls(batch, marshalled)
    } else {
      for (const _ of batch.calls) sender.put({ type: 'outcome', outcome: marshalled })
      unproved = interpreter.restore()
    }
    const recycle = unproved ?? interpreter.worn()
    sender.put({ type: 'done', recycle })
    sender.flush()
    return recycle
  }

  /** Null: all calls ran. Otherwise why the interpreter could not be put back; the calls that are left have sent no outcome. */
  function runCalls(batch: BatchMessage, marshalled: Uint8Array): string | null {
    let tool = load(batch.source, marshalled)
    for (const [index, call] of batch.calls.entries()) {
      if (batch.reportsEachCall) sender.flush()
      else sender.flushIfQuiet()
      const { outcome, isSpoiled } = runCall({ python, gate, tool, call, timeoutMs: batch.timeoutMs })
      sender.put({ type: 'outcome', outcome })
      const isLast = index === batch.calls.length - 1
      // The parent reads them while the interpreter is put back.
      if (isLast) sender.flush()
      if (isLast || isSpoiled || batch.resetEachCall) {
        const unproved = interpreter.restore()
        if (unproved) return unproved
        if (!isLast) tool = load(batch.source, marshalled)
      }
    }
    return null
  }

  function load(source: string, marshalled: Uint8Array): ToolCode {
    const bytes = must(python.bytesObject(marshalled), 'the compiled code')
    const code = must(api.PyObject_CallOneArg(driver.load_tool, bytes), 'loading the compiled code')
    must(api.PyObject_CallOneArg(driver.remember_source, must(python.textObject(source), 'the source')), 'the source')
    return { code }
  }

  function compile({ source, timeoutMs }: BatchMessage): Uint8Array | Outcome {
    gate.begin(timeoutMs)
    let result: Uint8Array | Outcome
    try {
      result = compileNow(source)
    } catch (error) {
      result = outcomeOfTrap(error)
    }
    gate.end()
    const unproved = interpreter.restore()
    if (unproved) return { status: 'crashed', message: `compiling it broke the interpreter: ${unproved}` }
    if (result instanceof Uint8Array) {
      if (compiled.size >= KEPT_SOURCES) compiled.clear()
      compiled.set(source, result)
    }
    return result
  }

  function compileNow(source: string): Uint8Array | Outcome {
    const text = must(python.textObject(source), 'the source')
    must(api.PyObject_CallOneArg(driver.remember_source, text), 'the source')
    const bytes = api.PyObject_CallOneArg(driver.compile_tool, text)
    if (bytes !== 0) return python.bytesOf(bytes)
    const error = api.PyErr_GetRaisedException()
    const described = must(api.PyObject_CallOneArg(driver.describe, error), 'describing an error')
    const read = python.text(described, 64 * 1024)
    return { status: 'bad-source', message: read && 'text' in read ? read.text : 'it does not compile', stdout: '', stderr: '' }
  }
}
