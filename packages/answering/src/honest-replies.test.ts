import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readGroup } from './judge-kind.ts'
import { readArguments } from './write-arguments.ts'

/** What a real model replied to the rendered prompts on 2026-11-20, knowing nothing but them; kept as it was. */
const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))

const Call = z.object({
  family: z.string(),
  toolFamily: z.string(),
  text: z.string(),
  schema: z.record(z.string(), z.unknown()),
  reply: z.string(),
})

test.each(z.array(Call).parse(fixture('honest-calls')))(
  'arguments for a request of $family and a tool of $toolFamily',
  ({ family, toolFamily, text, schema, reply }) => {
    const read = readArguments({ schema, usage: [], verbatim: [] }, text, reply)
    expect(read.status).toBe(family === toolFamily ? 'written' : 'not-applicable')
  },
)

test.each(z.array(z.object({ expected: z.int(), reply: z.string() })).parse(fixture('honest-judgements')))(
  'a judgement for group $expected',
  ({ expected, reply }) => {
    expect(readGroup(reply)).toBe(expected === 0 ? null : expected)
  },
)
