import type { Sums } from '@toolwright/registry'
import { expect, test } from 'vitest'
import { createModelBound, MODELS_SHOWN } from './bound-models.ts'

function sums(model: string, calls: number, more: Partial<Sums> = {}): Sums {
  const tokens = { uncachedInput: calls, cacheRead: 1, cacheWrite: 2, output: 3 }
  return {
    bucket: 'results',
    role: 'strong',
    model,
    purpose: 'answer',
    cause: 'normal',
    calls,
    costNano: calls * 10,
    unpriced: 1,
    tokens,
    ...more,
  }
}

function many(count: number, calls: (at: number) => number = () => 5): Sums[] {
  return Array.from({ length: count }, (_, at) => sums(`m-${at}`, calls(at)))
}

test('few models are shown as they are', () => {
  const spend = [...many(MODELS_SHOWN), sums('m-0', 2, { role: 'light' })]
  expect(createModelBound()(spend)).toEqual(spend)
})

test('those with most calls are shown, and the rest as one, by their other labels', () => {
  const rest = [sums('rare-1', 2), sums('rare-2', 1), sums('rare-3', 1, { role: 'light' })]
  const bounded = createModelBound()([...rest, ...many(MODELS_SHOWN)])
  expect(bounded.filter(({ model }) => model === 'other')).toEqual([
    { ...sums('other', 3), unpriced: 2, tokens: { uncachedInput: 3, cacheRead: 2, cacheWrite: 4, output: 6 } },
    sums('other', 1, { role: 'light' }),
  ])
  expect(new Set(bounded.map(({ model }) => model)).size).toBe(MODELS_SHOWN + 1)
})

test('the calls of all purposes of a model count', () => {
  const spend = [...many(MODELS_SHOWN), sums('often', 3), sums('often', 3, { purpose: 'judge' })]
  const shown = createModelBound()(spend).map(({ model }) => model)
  expect(shown.filter((model) => model === 'often')).toHaveLength(2)
  expect(shown.filter((model) => model === 'other')).toHaveLength(1)
})

test('no series falls or goes when another model overtakes, and one that comes later is shown while there is room', () => {
  const bound = createModelBound()
  bound(many(MODELS_SHOWN - 1))
  const later = bound([...many(MODELS_SHOWN - 1), sums('late', 1), sums('later', 1)])
  expect(later.find(({ model }) => model === 'late')).toEqual(sums('late', 1))
  const last = bound([...many(MODELS_SHOWN - 1), sums('late', 1), sums('later', 1_000)])
  expect(last.find(({ model }) => model === 'other')).toEqual(sums('other', 1_000))
  expect(last.map(({ model }) => model)).toEqual(later.map(({ model }) => model))
})
