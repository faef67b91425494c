import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const VERBS = ['generate', 'up', 'worker', 'doctor', 'test', 'status']

test.each([
  ['wroker', 'worker'],
  ['docter', 'doctor'],
  ['tset', 'test'],
  ['generat', 'generate'],
  ['u', 'up'],
])('%s was meant to be %s', (typed, meant) => expect(nearest(typed, VERBS)).toBe(meant))

test.each(['banana', 'x', ''])('nothing is near %j', (typed) => expect(nearest(typed, ['worker', 'doctor'])).toBeNull())
