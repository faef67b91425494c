import { Counter, type Registry } from 'prom-client'
import { EXTRACT_OUTCOMES, type Services } from './services.ts'

/** Counts what became of lines that tools were to read. */
export function openExtractCounts(registry: Registry): Services['countExtracts'] {
  const extracts = new Counter({
    name: 'toolwright_extract_lines_total',
    help: 'Lines that a tool was to read by itself, by what became of them; contested ones another kind lays claim to',
    labelNames: ['outcome'],
    registers: [registry],
  })
  // Zeros, so that a first failure is an increase.
  for (const outcome of EXTRACT_OUTCOMES) extracts.inc({ outcome }, 0)
  return (outcome, lines) => {
    if (lines > 0) extracts.inc({ outcome }, lines)
  }
}
