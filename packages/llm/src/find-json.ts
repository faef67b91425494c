import { fencedBlocks } from './extract-code.ts'

/** A reply of nothing but brackets must not cost more than a few passes over it. */
const MAX_STARTS = 500

/**
 * The JSON object or array that a model's reply holds, whatever stands around it: the whole reply, else its last fenced block that is JSON, else the
 * last object (or, with no object, the last array) in its prose: models think first and answer last. `text` is the JSON as the model wrote it, for
 * readers that must not lose a digit. Undefined when there is none.
 */
export function findJson(reply: string): { text: string; value: unknown } | undefined {
  const whole = parse(reply.trim())
  if (whole) return whole
  const fenced = fencedBlocks(reply).map((block) => parse(block.code.trim()))
  const lastFenced = fenced.findLast((found) => found !== undefined)
  if (lastFenced) return lastFenced
  const embedded = embeddedValues(reply)
  return embedded.findLast(({ value }) => !Array.isArray(value)) ?? embedded.at(-1)
}

function parse(text: string): { text: string; value: unknown } | undefined {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined
  try {
    return { text, value: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function embeddedValues(text: string): { text: string; value: unknown }[] {
  const found: { text: string; value: unknown }[] = []
  let starts = 0
  for (let at = 0; at < text.length && starts < MAX_STARTS; at++) {
    if (text[at] !== '{' && text[at] !== '[') continue
    starts++
    const end = endOfValue(text, at)
    const value = end === undefined ? undefined : parse(text.slice(at, end))
    if (value && end !== undefined) {
      found.push(value)
      at = end - 1
    }
  }
  return found
}

/** Where the bracket that opens at `start` is closed again, not counting brackets in strings. */
function endOfValue(text: string, start: number): number | undefined {
  let depth = 0
  let isInString = false
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (isInString) {
      if (character === '\\') at++
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1
  }
  return undefined
}
