import { expect, test } from 'vitest'
import { notRunOf } from './test.ts'

test('tells the tests that were neither passed nor failed', () => {
  const assertionResults = [
    { fullName: 'runs', status: 'passed' },
    { fullName: 'breaks', status: 'failed' },
    { fullName: 'needs promtool', status: 'skipped' },
    { fullName: 'later', status: 'todo' },
  ]
  expect(notRunOf(JSON.stringify({ testResults: [{ assertionResults }] }))).toEqual(['needs promtool', 'later'])
})
