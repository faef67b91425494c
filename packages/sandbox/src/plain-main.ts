import type { BootOptions } from './image/boot-options.ts'
import { bootPyodide } from './image/boot-pyodide.ts'
import { serve } from './child/serve.ts'

/**
 * A child without the gate: Pyodide as it is shipped, with all its ways to JavaScript. It exists to show what the other layers stop by themselves, and what an escape
 * must be able to do to count as one; it has no reset, and only the parent's hard kill limits its time.
 */
const options: BootOptions = JSON.parse(process.argv[2] ?? '')
await serve(async () => {
  const { python } = await bootPyodide(options)
  return { python, gate: { begin: () => undefined, end: () => ({ stdout: '', stderr: '' }) }, restore: () => null, worn: () => null }
})
process.exit(0)
