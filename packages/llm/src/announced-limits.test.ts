import { expect, test } from 'vitest'
import { announcedLimits } from './announced-limits.ts'

const NOW = Date.parse('2026-11-21T12:00:00Z')

function read(headers: Record<string, string>) {
  return announcedLimits(new Headers(headers), NOW)
}

function openai(limit: string, remaining: string, reset: string) {
  return { 'x-ratelimit-limit-requests': limit, 'x-ratelimit-remaining-requests': remaining, 'x-ratelimit-reset-requests': reset }
}

test('reads what OpenAI sends, for a minute', () => {
  const headers = {
    ...openai('3500', '3499', '17ms'),
    'x-ratelimit-limit-tokens': '90000',
    'x-ratelimit-remaining-tokens': '89984',
    'x-ratelimit-reset-tokens': '10ms',
  }
  expect(read(headers)).toEqual({
    requests: { limit: 3_500, remaining: 3_499, windowMs: 60_000 },
    tokens: { limit: 90_000, remaining: 89_984, windowMs: 60_000 },
  })
})

test("reads Anthropic's names, dates as resets, and the IETF's with a window of their own", () => {
  const anthropic = {
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-11-21T12:00:02Z',
    'anthropic-ratelimit-tokens-limit': '40000',
    'anthropic-ratelimit-tokens-remaining': '39000',
    'anthropic-ratelimit-tokens-reset': '2026-11-21T12:00:02Z',
  }
  expect(read(anthropic)).toEqual({
    requests: { limit: 50, remaining: 49, windowMs: 60_000 },
    tokens: { limit: 40_000, remaining: 39_000, windowMs: 60_000 },
  })
  const ietf = { 'ratelimit-limit': '100, 100;w=10', 'ratelimit-policy': '100;w=10', 'ratelimit-remaining': '12', 'ratelimit-reset': '7' }
  expect(read(ietf)).toEqual({ requests: { limit: 100, remaining: 12, windowMs: 10_000 } })
  expect(read({ 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '5' })).toEqual({
    requests: { limit: 60, remaining: 5, windowMs: 60_000 },
  })
})

test.each([
  ['nothing', {}],
  ["Azure's -1", openai('-1', '-1', '0')],
  ["Azure's 0", openai('0', '0', '0')],
  ["Azure's lack of a limit", { 'x-ratelimit-remaining-requests': '79', 'x-ratelimit-remaining-tokens': '61353' }],
  ['an empty value', openai('', '', '')],
  ['words', openai('unlimited', 'many', 'soon')],
  ['a number that is none', openai('1e9', '5', '1s')],
  ['hexadecimal', openai('0x10', '5', '1s')],
  ['a fraction', openai('0.5', '5', '1s')],
  ['more digits than a number has', openai('9'.repeat(30), '5', '1s')],
])('takes %s as unknown', (_what, headers) => {
  expect(read(headers)).toEqual({})
})

test.each([
  ['-1', '1s'],
  ['', '1s'],
  ['x', '1s'],
  ['61', '1s'],
  ['0', ''],
  ['0', '0'],
  ['0', 'soon'],
])('does not believe that %s remain, resetting in "%s", but the limit', (remaining, reset) => {
  expect(read(openai('60', remaining, reset))).toEqual({ requests: { limit: 60, remaining: undefined, windowMs: 60_000 } })
})

test.each([
  ['1s', 0],
  ['120ms', 0],
  ['59.5s', 0],
  ['1m0s', 0],
  ['7', 0],
  ['0.5', 0],
  [String(NOW / 1000 + 30), 0],
  [String(NOW + 30_000), 0],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 0],
])('believes that nothing remains until a reset like %s', (reset, remaining) => {
  expect(read(openai('60', '0', reset)).requests).toEqual({ limit: 60, remaining, windowMs: 60_000 })
})

test.each(['6m0s', '1h2m3.5s', '2m59.56s', '1d', '7m12s', '86400', '2026-11-22T00:00:00Z', String(NOW / 1000 + 3_600)])(
  'a limit that is reset in %s is none of a minute',
  (reset) => {
    expect(read(openai('200', '199', reset))).toEqual({})
  },
)

test("reads dates against the endpoint's own clock", () => {
  const headers = { ...openai('60', '0', '2026-11-21T15:00:20Z'), date: 'Sat, 21 Nov 2026 15:00:00 GMT' }
  expect(read(headers).requests).toEqual({ limit: 60, remaining: 0, windowMs: 60_000 })
})
