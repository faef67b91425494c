import type { KindId } from '@toolwright/contracts'
import { type KindIndex, type Registry, shapeOf, tokensOf } from '@toolwright/registry'
import { frameIdOf, parseInputLine, type RequestLine } from './client/input-line.ts'
import { INPUT_START, type InputText, readLines } from './client/read-lines.ts'

/**
 * Requests of a sample that would go the same way. `kind`: of a kind that is known; `alike`: of none, and they begin alike; `single`: of none, and like no other; `whole`: they go to
 * the strong model as they are, whatever tools there are.
 */
export interface SampleGroup {
  about: 'kind' | 'alike' | 'single' | 'whole'
  kind: KindId | null
  /** The kind's, or how the requests begin. */
  label: string
  requests: number
  textBytes: number
}

/** `requests`: of the whole input; `unusable`: of the sample, lines that cannot become requests. */
export interface InputSample {
  requests: number
  sampled: number
  unusable: number
  groups: SampleGroup[]
}

/** Requests that have so many tokens in common at their beginning read alike. */
const COMMON_TOKENS = 4
const LABEL_TOKENS = 8

/** Looks at as many requests as are wanted, drawn evenly from all of the input, without asking any model. `draw`: from 0 to below 1. */
export async function sampleInput(
  { registry, index }: { registry: Registry; index: KindIndex },
  chunks: AsyncIterable<Uint8Array>,
  { wanted, draw }: { wanted: number; draw: () => number },
): Promise<InputSample> {
  const drawn: InputText[] = []
  let requests = 0
  for await (const text of readLines(chunks, INPUT_START)) {
    // Reservoir sampling (Vitter, 1985): each line so far has the same chance to be among them.
    if (drawn.length < wanted) drawn.push(text)
    else {
      const at = Math.floor(draw() * (requests + 1))
      if (at < wanted) drawn[at] = text
    }
    requests++
  }
  await index.refresh()
  const lines = drawn.map(parseInputLine).flatMap((parsed) => (parsed.ok ? [parsed.line] : []))
  return { requests, sampled: drawn.length, unusable: drawn.length - lines.length, groups: await groupsOf(lines, registry, index) }
}

async function groupsOf(lines: readonly RequestLine[], registry: Registry, index: KindIndex): Promise<SampleGroup[]> {
  const groups = new Map<string, SampleGroup>()
  const add = (group: Omit<SampleGroup, 'requests' | 'textBytes'>, line: RequestLine) => {
    const key = `${group.about}:${group.kind ?? group.label}`
    const known = groups.get(key) ?? { ...group, requests: 0, textBytes: 0 }
    known.requests++
    known.textBytes += Buffer.byteLength(line.text)
    groups.set(key, known)
  }

  const unknown: { line: RequestLine; tokens: string[]; shape: string }[] = []
  for (const line of lines) {
    if (line.body !== undefined) {
      add({ about: 'whole', kind: null, label: '' }, line)
      continue
    }
    const frame = frameIdOf(line.frame)
    const tokens = tokensOf(line.text)
    const kind =
      line.kindName === undefined
        ? index.fitting(frame, tokens)[0]
        : index.all().find((one) => one.name === line.kindName && one.frame === frame)
    if (kind !== undefined) add({ about: 'kind', kind: kind.id, label: kind.label }, line)
    else if (line.kindName === undefined) unknown.push({ line, tokens, shape: shapeOf(frame, tokens) })
    else add({ about: 'alike', kind: null, label: line.kindName }, line)
  }

  const decided = await registry.kinds.recall(unknown.map(({ shape }) => shape))
  const strangers: { line: RequestLine; start: string; label: string }[] = []
  for (const [at, { line, tokens }] of unknown.entries()) {
    const kind = index.living(decided[at] ?? '')
    if (kind !== undefined) add({ about: 'kind', kind: kind.id, label: kind.label }, line)
    else strangers.push({ line, start: startOf(line, tokens), label: tokens.slice(0, LABEL_TOKENS).join(' ') })
  }
  const starts = Map.groupBy(strangers, ({ start }) => start)
  for (const alike of starts.values())
    for (const { line } of alike)
      add(
        alike.length > 1
          ? { about: 'alike', kind: null, label: commonStart(alike.map(({ label }) => label)) }
          : { about: 'single', kind: null, label: '' },
        line,
      )
  return [...groups.values()].toSorted((a, b) => b.requests - a.requests)
}

/** What requests of one wording share: their frame and first words, numbers being data. */
function startOf(line: RequestLine, tokens: readonly string[]): string {
  const start = tokens.slice(0, COMMON_TOKENS).map((token) => (/^\p{N}+$/u.test(token) ? '0' : token))
  return JSON.stringify([frameIdOf(line.frame), ...start])
}

function commonStart(labels: readonly string[]): string {
  const words = labels.map((label) => label.split(' '))
  const [first = []] = words
  const end = first.findIndex((word, at) => words.some((other) => other[at] !== word))
  return first.slice(0, end === -1 ? LABEL_TOKENS : end).join(' ')
}
