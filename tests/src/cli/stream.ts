import { familyNamed, generateStream } from '@toolwright/families'

/** Requests of some families as lines of input, in either form by turns: every second one is a line of OpenAI's Batch format. */
export function mixedLines(options: { families: string[]; count: number; seed: number; isLabelled?: boolean }): string[] {
  return samples(options).map(({ text, family, target }, at) => {
    const ours = options.isLabelled === true ? { kind: family, target: target! } : {}
    const id = `${family}-${at}`
    return JSON.stringify(at % 2 === 0 ? { id, input: text, ...ours } : batchLine(id, text, ours))
  })
}

/** Requests that no tool may answer, for how they want to be sampled: each is one call of the strong model. */
export function strongLines(options: { families: string[]; count: number; seed: number }): string[] {
  return samples(options).map(({ text, family }, at) => {
    const body = { temperature: 1.2, messages: [{ role: 'user', content: text }] }
    return JSON.stringify({ custom_id: `${family}-${at}`, method: 'POST', url: '/v1/chat/completions', body })
  })
}

/** A request in OpenAI's Batch format. `ours`: its kind and target. */
export function batchLine(id: string, text: string, ours: { kind?: string; target?: string }): object {
  const body = { model: 'whatever', messages: [{ role: 'user', content: text }] }
  return { custom_id: id, method: 'POST', url: '/v1/chat/completions', body, ...(Object.keys(ours).length > 0 && { toolwright: ours }) }
}

function samples({ families, count, seed }: { families: string[]; count: number; seed: number }) {
  return [...generateStream({ families: families.map((name) => familyNamed(name)!), count, seed, mix: true })]
}
