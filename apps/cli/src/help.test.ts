import { expect, test } from 'vitest'
import { helpOf, overview, verbNamed } from './help.ts'
import { VERBS } from './verbs.ts'

test('the overview lists every verb', () => {
  const text = overview(VERBS)
  for (const { name, summary } of VERBS) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
})

test.each(VERBS.map((verb) => [verb.name, verb] as const))('help of %s shows its usage and every flag', (name, verb) => {
  const text = helpOf(verb)
  expect(text).toMatch(new RegExp(`^usage: ./toolwright ${name}`))
  for (const flag of Object.keys(verb.flags)) expect(text).toContain(`--${flag}`)
})

test('a verb is found by its name; others are usage errors', () => {
  expect(verbNamed('worker', VERBS).name).toBe('worker')
  expect(() => verbNamed('wroker', VERBS)).toThrow('there is no verb "wroker": did you mean "worker"?')
  expect(() => verbNamed('chekc', VERBS)).toThrow('did you mean "check"?')
})
