import { expect, test } from 'vitest'
import { facts } from './untoolable/facts.ts'
import { irony } from './untoolable/irony.ts'
import { opinion } from './untoolable/opinion.ts'
import { worldKnowledge } from './untoolable/world-knowledge.ts'

test('there is enough general knowledge, and every question has its own answer', () => {
  const questions = Object.entries(facts).flatMap(([relation, answers]) =>
    Object.entries(answers).map(([subject, answer]) => ({ fact: `${relation} ${subject}`, answer })),
  )
  expect(questions.length).toBeGreaterThanOrEqual(120)
  for (const { fact, answer } of questions) {
    expect(worldKnowledge.recognise(`Name ${fact}. Give only the answer, without a sentence around it.`)?.arguments).toEqual({ fact })
    expect(worldKnowledge.solve({ fact })).toBe(answer)
  }
  expect(() => worldKnowledge.solve({ fact: 'the capital of Atlantis' })).toThrow(RangeError)
})

test('the same welcome is ironic or sincere by what it welcomes', () => {
  expect(irony.solve({ sentence: 'Oh wonderful, the first strawberries are ripe.' })).toBe('no')
  expect(irony.solve({ sentence: 'Oh wonderful, the heating failed in January.' })).toBe('yes')
  expect(() => irony.solve({ sentence: 'Oh wonderful, it is Tuesday.' })).toThrow(RangeError)
})

test('an opinion has no right answer', () => {
  expect(opinion.recognise('What do you think about baking bread in winter? Two sentences are enough.')?.arguments).toEqual({
    topic: 'baking bread in winter',
  })
  expect(opinion.solve({ topic: 'baking bread in winter' })).toBeNull()
})
