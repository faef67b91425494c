import { expect, test } from 'vitest'
import { readGroup } from './judge-kind.ts'

test.each([
  ['{"group": 2}', 2],
  ['{"group": "3"}', 3],
  ['```json\n{"group": 1}\n```', 1],
  ['The request belongs to {"group": 4}.', 4],
  ['2', 2],
  [' 2\n', 2],
  ['{"group": 0}', null],
  ['0', null],
  ['{"group": -1}', null],
  ['{"group": 1.5}', null],
  ['{"group": null}', null],
  ['{"group": "none"}', null],
  ['{"group": [1]}', null],
  ['{"kind": 2}', null],
  ['Group 2', null],
  ['', null],
])('reads %j as %s', (reply, group) => {
  expect(readGroup(reply)).toBe(group)
})
