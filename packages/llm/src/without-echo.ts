import type { ModelCall } from './request.ts'

/** So many characters in a row that a message shares with the request are no coincidence. */
const ECHO = 16

/** Texts are looked through as far as this, in characters: an endpoint that echoes a request begins at its beginning. */
const MAX_TEXT = 100_000

/** What an endpoint says of a call it refuses, without what it quotes of the request: its words go into logs, and users' texts do not. */
export function withoutEcho(told: string, call: Pick<ModelCall, 'messages' | 'body'>): string {
  if (told.length < ECHO) return told
  const text = textsIn(call.body === undefined ? call.messages : call.body['messages'])
    .join('\n')
    .slice(0, MAX_TEXT)
  // Quoted as JSON or not, and always without its line breaks.
  const texts = [text, JSON.stringify(text)].map((one) => one.replace(/\s+/g, ' '))
  const isEcho = (part: string) => texts.some((one) => one.includes(part))
  let clean = ''
  for (let at = 0; at < told.length;) {
    let end = at + ECHO
    if (end > told.length || !isEcho(told.slice(at, end))) {
      clean += told[at++]
      continue
    }
    while (end < told.length && isEcho(told.slice(at, end + 1))) end++
    clean += '…'
    at = end
  }
  return clean
}

/** All strings in messages, wherever they stand; names of fields are the protocol's. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
