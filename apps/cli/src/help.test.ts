import { expect, test } from 'vitest'
import { helpOf, overview, verbNamed } from './help.ts'
import { VERBS } from './verbs.ts'

test('the overview lists every verb', () => {
  const text = overview(VERBS, 200)
  for (const { name, summary } of VERBS) expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
})

test.each(VERBS.map((verb) => [verb.name, verb] as const))('help of %s shows its usage and every flag', (name, verb) => {
  const text = helpOf(verb, 100)
  expect(text).toMatch(new RegExp(`^usage: ./toolwright ${name}`))
  for (const flag of Object.keys(verb.flags)) expect(text).toContain(`--${flag}`)
})

const HELPS: [string, (width: number) => string][] = [
  ['toolwright', (width) => overview(VERBS, width)],
  ...VERBS.map((verb): [string, (width: number) => string] => [verb.name, (width) => helpOf(verb, width)]),
]

const words = (text: string) => text.split(/\s+/).filter(Boolean)

test.each(HELPS)('help of %s fits the terminal and loses no word', (_, render) => {
  for (const width of [60, 80, 200]) {
    const text = render(width)
    const tooWide = text.split('\n').filter((line) => line.length > Math.min(width, 100))
    // A command is not broken; nothing else is wider than the terminal.
    expect(tooWide.filter((line) => line.trim().includes(' ') && !line.includes('usage:'))).toEqual([])
    expect(words(text)).toEqual(words(render(100)))
  }
})

test('a list keeps its columns, and a sentence that ended begins no other line', () => {
  const verb = {
    name: 'walk',
    summary: 'go somewhere',
    positionals: 'WHERE',
    flags: {},
    about: 'One two\nthree.\n  left   a way that is\nAfter the list.',
    run: () => Promise.resolve(0 as const),
  }
  expect(helpOf(verb, 100)).toBe(
    'usage: ./toolwright walk WHERE\n\ngo somewhere\n\nOne two three.\n  left   a way that is\nAfter the list.\n',
  )
  expect(helpOf({ ...verb, about: `  left   ${'many words '.repeat(6)}` }, 50)).toContain(
    '  left   many words many words many words many\n         words many words many words',
  )
})

test('a verb is found by its name; others are usage errors', () => {
  expect(verbNamed('worker', VERBS).name).toBe('worker')
  expect(() => verbNamed('wroker', VERBS)).toThrow('there is no verb "wroker": did you mean "worker"?')
  expect(() => verbNamed('chekc', VERBS)).toThrow('did you mean "check"?')
  expect(() => verbNamed('--json', VERBS)).toThrow('the verb comes before its flags: ./toolwright VERB --json')
})
