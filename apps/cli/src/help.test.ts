import { expect, test } from 'vitest'
import { helpOf, overview, verbNamed } from './help.ts'
import { LATER, VERBS } from './verbs.ts'

test('the overview lists every verb, and says which are not built yet', () => {
  const text = overview(VERBS, LATER)
  for (const { name, summary } of VERBS) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  for (const name of LATER) expect(text).toContain(name)
})

test.each(VERBS.map((verb) => [verb.name, verb] as const))('help of %s shows its usage and every flag', (name, verb) => {
  const text = helpOf(verb)
  expect(text).toMatch(new RegExp(`^usage: ./toolwright ${name}`))
  for (const flag of Object.keys(verb.flags)) expect(text).toContain(`--${flag}`)
})

test('a verb is found by its name; others are usage errors', () => {
  expect(verbNamed('worker', VERBS, []).name).toBe('worker')
  expect(() => verbNamed('wroker', VERBS, [])).toThrow('there is no verb "wroker": did you mean "worker"?')
  expect(() => verbNamed('chekc', VERBS, [])).toThrow('did you mean "check"?')
  expect(() => verbNamed('tools', VERBS, ['tools'])).toThrow(expect.objectContaining({ message: '"tools" is not built yet', exitCode: 2 }))
})
