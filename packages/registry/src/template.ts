/**
 * The tokens that all known lines of a kind share, in order, with a gap (null) only where they have differed. Tokens that always stood together must stand
 * together, so a line with a word inserted, replaced or negated does not fit.
 */
export type Template = (string | null)[]

/** Lines longer than this take part in no template: loosening costs tokens squared. */
export const MAX_TEMPLATE_TOKENS = 1_500

/** A template with fewer words says too little to decide on its own. */
export const MIN_TEMPLATE_WORDS = 4

const TOKEN = /[\p{L}\p{M}']+|\p{N}+|[^\s\p{L}\p{M}\p{N}']/gu
const WORD = /^[\p{L}\p{M}']{2,}$/u

export function tokensOf(text: string): string[] {
  return text.match(TOKEN) ?? []
}

/** A token of two letters or more. */
export function isWord(token: string): boolean {
  return WORD.test(token)
}

/** How many of a template's tokens are words of two letters or more. */
export function wordsIn(template: Template): number {
  let words = 0
  for (const token of template) if (token !== null && WORD.test(token)) words++
  return words
}

/** The template that fits all that it fitted before, and this line too (longest common subsequence; O(template x line) time and memory). */
export function loosen(template: Template, line: readonly string[]): Template {
  return apply(template, differences(template, line))
}

/**
 * Where a line that does not fit would need gaps: `token:<i>` in place of the template's token i, `before:<i>` in front of it (its length: at the end). Positions
 * are names, so that lines can be counted that ask for the same gap.
 */
export function differences(template: Template, line: readonly string[]): Set<string> {
  const matched = align(template, line)
  const found = new Set<string>()
  let next = 0
  for (const [i, token] of template.entries()) {
    const at = matched[i]!
    if (token === null) continue
    if (at < 0) {
      found.add(`token:${i}`)
      continue
    }
    // Tokens of the line between this match and the last one stand in a gap that is there, in place of tokens that are gone, or in a gap that is not there yet.
    const hasGap = i > 0 && (template[i - 1] === null || matched[i - 1]! < 0)
    if (at > next && !hasGap) found.add(`before:${i}`)
    next = at + 1
  }
  const last = template.length - 1
  const endsInGap = last >= 0 && (template[last] === null || matched[last]! < 0)
  if (next < line.length && !endsInGap) found.add(`before:${template.length}`)
  return found
}

/** The template with gaps at these places. */
export function apply(template: Template, places: ReadonlySet<string>): Template {
  const out: Template = []
  const gap = () => {
    if (out.length === 0 || out.at(-1) !== null) out.push(null)
  }
  for (const [i, token] of template.entries()) {
    if (places.has(`before:${i}`)) gap()
    if (token === null || places.has(`token:${i}`)) gap()
    else out.push(token)
  }
  if (places.has(`before:${template.length}`)) gap()
  return out
}

/** For each token of the template, the place of its partner in the line, -1 without one; gaps have none. */
function align(template: Template, line: readonly string[]): Int32Array {
  const n = template.length
  const m = line.length
  const width = m + 1
  const best = new Uint16Array((n + 1) * width)
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      let value = Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!)
      if (template[i] !== null && template[i] === line[j]) value = Math.max(value, best[(i + 1) * width + j + 1]! + 1)
      best[i * width + j] = value
    }
  }
  const matched = new Int32Array(n).fill(-1)
  let i = 0
  let j = 0
  while (i < n && j < m) {
    if (template[i] !== null && template[i] === line[j] && best[i * width + j] === best[(i + 1) * width + j + 1]! + 1) matched[i++] = j++
    else if (best[(i + 1) * width + j]! >= best[i * width + j + 1]!) i++
    else j++
  }
  return matched
}

/**
 * Whether the line fits: its tokens are the template's, with any tokens (or none) in the gaps. Each run of fixed tokens is searched from the left, which
 * is right for gaps that take anything, and linear but for repeats within a run.
 */
export function fits(template: Template, line: readonly string[]): boolean {
  const runs = runsOf(template)
  const startsFixed = template[0] !== null
  const endsFixed = template.at(-1) !== null
  if (template.length === 0) return line.length === 0
  let from = 0
  for (const [index, run] of runs.entries()) {
    const isFirst = index === 0 && startsFixed
    const isLast = index === runs.length - 1 && endsFixed
    if (isFirst) {
      if (!standsAt(run, line, 0)) return false
      from = run.length
      if (isLast) return from === line.length
    } else if (isLast) {
      const at = line.length - run.length
      return at >= from && standsAt(run, line, at)
    } else {
      const at = find(run, line, from)
      if (at < 0) return false
      from = at + run.length
    }
  }
  return true
}

/** Share of the template's words that the line holds in order, 0 to 1: how near a line is that does not fit. */
export function nearness(template: Template, line: readonly string[]): number {
  const words = wordsIn(template)
  return words === 0 ? 0 : wordsIn(loosen(template, line)) / words
}

const knownRuns = new WeakMap<Template, string[][]>()

/** The tokens between gaps. Kept: a template never changes, and every line of a stream is held against it. */
function runsOf(template: Template): string[][] {
  const known = knownRuns.get(template)
  if (known !== undefined) return known
  const runs: string[][] = []
  let run: string[] | null = null
  for (const token of template) {
    if (token === null) run = null
    else if (run === null) runs.push((run = [token]))
    else run.push(token)
  }
  knownRuns.set(template, runs)
  return runs
}

function standsAt(run: readonly string[], line: readonly string[], at: number): boolean {
  if (at + run.length > line.length) return false
  for (let k = 0; k < run.length; k++) if (run[k] !== line[at + k]) return false
  return true
}

function find(run: readonly string[], line: readonly string[], from: number): number {
  for (let at = from; at + run.length <= line.length; at++) if (standsAt(run, line, at)) return at
  return -1
}
