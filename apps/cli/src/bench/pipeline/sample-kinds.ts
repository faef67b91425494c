import { kindIdOf, type KindId } from '@toolwright/contracts'
import { families, seededRandom, type Family, type Random } from '@toolwright/families'
import { fits, learn, type Reading, readingOf, tokensOf } from '@toolwright/registry'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Space } from '../../open-space.ts'
import { sampleTool } from '../sandbox/sample-tools.ts'

/** A kind of sample requests that has a tool from the start: what is timed is answering, not making. */
export interface SampleKind {
  name: string
  id: KindId
  sample(random: Random): { text: string; target: string }
}

/** Requests that a kind is made to read before any is timed, and how many must fit in a row after that. */
const MAX_LEARNT = 400
const STEADY = 40

/** Publishes the tool that the simulated models write for a family, and a reading of its requests, in an empty registry. `called`: with the reading switched off, so that the light model must write the arguments. `word`: stands before every request of the kind. */
export async function publishSampleKind(
  space: Space,
  root: string,
  name: string,
  tier: 'extracted' | 'called',
  word = '',
): Promise<SampleKind> {
  const tool = sampleTool(root, name)
  const random = seededRandom('pipeline', name)
  const id = kindIdOf(name, 'bench', name, word)
  const usage = Array.from({ length: 3 }, () => tool.sample(random)).map(({ text }) => ({
    text,
    arguments: JSON.stringify(familyOf(name).recognise(text)?.arguments),
    run: '',
  }))
  await space.administration.importTool(
    { id, label: name, name: '', frame: '', reading: readingOfFamily(() => `${word} ${tool.sample(random).text}`.trim()) },
    {
      v: 1,
      kind: id,
      sha256: createHash('sha256').update(tool.source).digest('hex'),
      source: tool.source,
      schema: JSON.parse(readFileSync(join(root, 'apps/simulator/tools', name, 'schema.json'), 'utf8')),
      tiers: { extracted: tier === 'extracted', called: true },
      verbatim: [],
      usage,
      runs: [],
      evidence: {
        proposedFrom: 0,
        heldBack: 0,
        extractedRight: 0,
        calledRight: 0,
        foreignTexts: 0,
        foreignAccepted: 0,
        mutants: 0,
        mutantsSurvived: 0,
        candidates: 1,
        repairs: 0,
      },
      model: 'bench',
      generation: 1,
      costNano: 0,
      at: Date.now(),
    },
  )
  return { name, id, sample: (own) => tool.sample(own) }
}

/** The families that have a tool, in their order. */
export function toolableFamilies(): string[] {
  return families.filter(({ group }) => group !== 'untoolable').map(({ name }) => name)
}

function familyOf(name: string): Family {
  const family = families.find((one) => one.name === name)
  if (family === undefined) throw new Error(`there is no family "${name}"`)
  return family
}

/** As a stream would have made it, until its requests fit. */
function readingOfFamily(next: () => string): Reading {
  let reading = readingOf(next())
  for (let learnt = 0, fitting = 0; learnt < MAX_LEARNT && fitting < STEADY;) {
    const text = next()
    if (reading.templates.some(({ tokens }) => fits(tokens, tokensOf(text)))) fitting++
    else {
      reading = learn(reading, text)
      fitting = 0
      learnt++
    }
  }
  return reading
}
