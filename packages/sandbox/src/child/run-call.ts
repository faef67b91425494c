import type { Call, Outcome } from '../outcome.ts'
import type { Gate } from './import-gate.ts'
import { must, type Python } from './python.ts'
import { Stop } from './stop.ts'

const MAX_RESULT_BYTES = 64 * 1024
const MAX_MESSAGE_CHARACTERS = 2_000

type WithoutOutput<T> = T extends unknown ? Omit<T, 'stdout' | 'stderr'> : never
type Verdict = WithoutOutput<Outcome>

export interface ToolCode {
  /** The compiled module, a Python code object. */
  code: number
}

/**
 * Runs one call in fresh globals and says what became of it.
 * `isSpoiled`: the interpreter was left in mid-air and must be reset before anything else runs in it.
 */
export function runCall(parts: { python: Python; gate: Pick<Gate, 'begin' | 'end'>; tool: ToolCode; call: Call; timeoutMs: number }): {
  outcome: Outcome
  isSpoiled: boolean
} {
  const { gate } = parts
  gate.begin(parts.timeoutMs)
  try {
    const verdict = verdictOf(parts)
    return { outcome: withOutput(verdict, gate.end()), isSpoiled: verdict.status === 'out-of-memory' }
  } catch (error) {
    gate.end()
    return { outcome: outcomeOfTrap(error), isSpoiled: true }
  }
}

/** What a JavaScript exception that came through the interpreter means for the call. */
export function outcomeOfTrap(error: unknown): Extract<Outcome, { status: Stop['status'] }> {
  if (error instanceof Stop) return { status: error.status, message: error.message }
  if (error instanceof RangeError) return { status: 'crashed', message: 'it recursed too deep for the interpreter' }
  return { status: 'crashed', message: `the interpreter failed: ${String(error).slice(0, 500)}` }
}

function verdictOf({ python, tool, call }: { python: Python; tool: ToolCode; call: Call }): Verdict {
  const { api, driver } = python
  const held: number[] = []
  const hold = (object: number) => {
    if (object !== 0) held.push(object)
    return object
  }
  const globals = hold(must(api.PyObject_CallNoArgs(driver.new_globals), 'fresh globals'))
  const verdict = inGlobals()
  // Functions and their globals hold each other: without this they would wait for the garbage collector, finalizers included.
  api.PyDict_Clear(globals)
  for (const object of held) api.Py_DecRef(object)
  return verdict

  function inGlobals(): Verdict {
    python.renewRandom()
    if (hold(api.PyEval_EvalCode(tool.code, globals, globals)) === 0) {
      return failure((message) => ({ status: 'bad-source', message }))
    }
    if ('arguments' in call) {
      const read = hold(api.PyObject_CallOneArg(driver.read_arguments, hold(must(python.textObject(call.arguments), 'the arguments'))))
      if (read === 0) return failure((message) => ({ status: 'raised', in: 'solve', arguments: null, message }), driver.message_of)
      return solve(read, null)
    }
    return extract(call)
  }

  function extract({ text, solve: isSolving }: { text: string; solve: boolean }): Verdict {
    const missing = missingFunction(isSolving ? ['extract', 'solve'] : ['extract'])
    if (missing) return missing
    const found = hold(api.PyObject_CallOneArg(python.item(globals, 'extract'), hold(must(python.textObject(text), 'the text'))))
    if (found === 0) return failure((message) => ({ status: 'raised', in: 'extract', arguments: null, message }))
    if (found === python.none) return { status: 'refused' }
    const written = hold(api.PyObject_CallOneArg(driver.write_arguments, found))
    if (written === 0) return failure((message) => ({ status: 'bad-result', message }), driver.message_of)
    const json = resultText(written, 'the arguments')
    if (typeof json !== 'string') return json
    return isSolving ? solve(found, json) : { status: 'ok', result: null, arguments: json }
  }

  function solve(keywords: number, json: string | null): Verdict {
    const missing = missingFunction(['solve'])
    if (missing) return missing
    const result = hold(api.PyObject_Call(python.item(globals, 'solve'), python.emptyTuple, keywords))
    if (result === 0) return failure((message) => ({ status: 'raised', in: 'solve', arguments: json, message }))
    if (!python.isExactText(result)) {
      return { status: 'bad-result', message: `solve must return a str, it returned ${typeName(result)}` }
    }
    const text = resultText(result, 'the result')
    return typeof text === 'string' ? { status: 'ok', result: text, arguments: json } : text
  }

  function missingFunction(names: ('extract' | 'solve')[]): Verdict | null {
    for (const name of names) {
      const found = python.item(globals, name)
      if (found === 0 || api.PyCallable_Check(found) === 0)
        return { status: 'bad-source', message: `the source defines no function ${name}` }
    }
    return null
  }

  function resultText(object: number, what: string): string | Verdict {
    if (!python.isExactText(object)) return { status: 'bad-result', message: `${what} came back as ${typeName(object)}` }
    const read = python.text(object, MAX_RESULT_BYTES)
    if (read === null) return { status: 'bad-result', message: `${what} holds characters that are no valid Unicode` }
    if ('tooLong' in read) return { status: 'bad-result', message: `${what} has ${read.tooLong}; at most ${MAX_RESULT_BYTES} are taken` }
    return read.text
  }

  function typeName(object: number): string {
    return textOrEmpty(api.PyObject_CallOneArg(driver.type_name, object))
  }

  /** What the exception that is set now means; memory that ran out is its own outcome wherever it happens. */
  function failure(verdictWith: (message: string) => Verdict, describe: number = driver.describe): Verdict {
    const error = hold(api.PyErr_GetRaisedException())
    if (error === 0) return { status: 'crashed', message: 'it failed without an exception' }
    if (api.PyErr_GivenExceptionMatches(error, python.memoryError) !== 0) {
      return { status: 'out-of-memory', message: 'it needed more memory than the sandbox gives' }
    }
    return verdictWith(
      textOrEmpty(api.PyObject_CallOneArg(describe, error)).slice(0, MAX_MESSAGE_CHARACTERS) || 'an exception that cannot be described',
    )
  }

  function textOrEmpty(object: number): string {
    if (hold(object) === 0) {
      api.PyErr_Clear()
      return ''
    }
    const read = python.isExactText(object) ? python.text(object, MAX_RESULT_BYTES) : null
    return read && 'text' in read ? read.text : ''
  }
}

function withOutput(verdict: Verdict, output: { stdout: string; stderr: string }): Outcome {
  switch (verdict.status) {
    case 'timed-out':
    case 'out-of-memory':
    case 'output-too-large':
    case 'crashed':
      return verdict
    case 'ok':
    case 'refused':
    case 'raised':
    case 'bad-result':
    case 'bad-source':
      return { ...verdict, ...output }
  }
}
