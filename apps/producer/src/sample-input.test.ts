import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openKindIndex } from '@toolwright/registry'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleInput } from './sample-input.ts'

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

async function* chunksOf(lines: (object | string)[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
}

function sample(lines: (object | string)[], wanted = 1_000, draw = () => 0) {
  const { registry } = data
  return sampleInput({ registry, index: openKindIndex(registry.kinds) }, chunksOf(lines), { wanted, draw })
}

test('groups requests by kind, by how they begin, and tells those that go to the strong model as they are; nothing is written', async () => {
  const kind = await data.registry.kinds.named('sort', '', 'Sort b a')
  const keys = async () => (await data.redis.keys(`${data.keyPrefix}*`)).toSorted()
  const before = await keys()
  const found = await sample([
    { input: 'whatever', kind: 'sort' },
    { input: 'Convert 12 miles to kilometres, please' },
    { input: 'Convert 7 miles to metres' },
    { input: 'Who are you?' },
    { input: 'x', kind: 'new' },
    { input: 'y', kind: 'new' },
    'no JSON',
    {
      custom_id: 'a',
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'm', temperature: 1.5, messages: [{ role: 'user', content: 'Hi' }] },
    },
  ])
  expect(found).toMatchObject({ requests: 8, sampled: 8, unusable: 1 })
  expect(found.groups.map(({ about, kind: of, label, requests }) => ({ about, of, label, requests }))).toEqual(
    expect.arrayContaining([
      { about: 'kind', of: kind, label: expect.any(String), requests: 1 },
      { about: 'alike', of: null, label: 'Convert', requests: 2 },
      { about: 'alike', of: null, label: 'new', requests: 2 },
      { about: 'single', of: null, label: '', requests: 1 },
      { about: 'whole', of: null, label: '', requests: 1 },
    ]),
  )
  expect(found.groups).toHaveLength(5)
  expect(await keys()).toEqual(before)
})

test('draws evenly from all of a long input', async () => {
  let state = 1
  const draw = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const lines = Array.from({ length: 10_000 }, (_, at) => ({ input: at < 5_000 ? 'Sort the words of b a' : 'Convert the miles of 7' }))
  const { requests, sampled, groups } = await sample(lines, 1_000, draw)
  expect({ requests, sampled }).toEqual({ requests: 10_000, sampled: 1_000 })
  expect(groups.map(({ about }) => about)).toEqual(['alike', 'alike'])
  for (const group of groups) expect(Math.abs(group.requests - 500)).toBeLessThan(80)
})
