import { expect, test } from 'vitest'
import { openLog, type LogLevel } from './log.ts'
import { redact } from './redact.ts'

function logged(level: LogLevel = 'debug') {
  const lines: string[] = []
  const log = openLog({ stage: 'user', level, write: (line) => lines.push(line) })
  return { log, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? '') }
}

test('writes one JSON line: head, fields, message', () => {
  const { log, lines, last } = logged()
  log.info({ jobId: 'j-1', level: 'mine' }, 'done')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\{"time":"\d{4}-.*"message":"done"\}\n$/)
  expect(last()).toEqual({ time: expect.any(String), level: 'info', stage: 'user', pid: process.pid, jobId: 'j-1', message: 'done' })
})

test('leaves out what is below its level', () => {
  const { log, lines } = logged('warn')
  log.debug({}, 'a')
  log.info({}, 'b')
  log.warn({}, 'c')
  log.error({}, 'd')
  expect(lines).toHaveLength(2)
})

test('children carry their fields, and the line wins over them', () => {
  const { log, last } = logged()
  log.child({ queue: 'user', jobId: 'a' }).child({ attempt: 2 }).info({ jobId: 'b' }, 'x')
  expect(last()).toMatchObject({ queue: 'user', attempt: 2, jobId: 'b' })
})

test('writes errors with their causes and codes', () => {
  const { log, last } = logged()
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  log.error({ error: new TypeError('no', { cause }) }, 'x')
  expect(last()).toMatchObject({
    error: {
      name: 'TypeError',
      message: 'no',
      stack: expect.stringContaining('TypeError: no'),
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    },
  })
})

test('writes whatever it is given', () => {
  const { log, last } = logged()
  const circular: Record<string, unknown> = { n: 10n, undefined: undefined }
  circular['self'] = circular
  const error = new Error('round')
  error.cause = error
  const twice = { a: 1 }
  log.info({ circular, error, twice: [twice, twice] }, 'x')
  expect(last()).toMatchObject({
    circular: { n: '10', self: '(circular)' },
    error: { cause: '(circular)' },
    twice: [{ a: 1 }, { a: 1 }],
  })
})

test('cuts very long texts', () => {
  const { log, lines } = logged()
  log.info({ text: 'x'.repeat(100_000) }, 'x')
  expect(lines[0]?.length).toBeLessThan(9000)
})

test('writes no secret, wherever it stands', () => {
  const { log, lines } = logged()
  const cause = new Error('at redis://me:hunter2@host:1/0')
  log.error(
    { apiKey: 'plain', nested: [{ password: 'pw1' }], error: new Error('Bearer abcdef123', { cause }) },
    'key sk-proj-abcdef0123456789',
  )
  expect(lines[0]).not.toMatch(/plain|pw1|hunter2|abcdef/)
  expect(lines[0]).toContain('redis://me:…@host:1/0')
})

test('of the command that a Redis refused it writes the name alone', () => {
  const { log, lines } = logged()
  const refusal = Object.assign(new Error('WRONGPASS'), { command: { name: 'hello', args: ['3', 'AUTH', 'default', 'hunter2'] } })
  log.warn({ error: Object.assign(new Error('no node answers'), { lastNodeError: refusal }) }, 'x')
  expect(lines[0]).toContain('"command":"hello"')
  expect(lines[0]).not.toContain('hunter2')
})

test.each([
  ['redis-sentinel://me:a/b@c@h:1?master=m&sentinelPassword=secret', 'redis-sentinel://me:…@h:1?master=m&sentinelPassword=…'],
  ['redis://:secret@127.0.0.1:6379', 'redis://:…@127.0.0.1:6379'],
  ['see https://a:b@host/x and http://host/y', 'see https://a:…@host/x and http://host/y'],
  ['Authorization: Bearer sk-abcdef', 'Authorization: Bearer …'],
  ['key=gsk_1234567890abcdef.', 'key=….'],
  ['AIzaSyA1234567890abcdefghij', '…'],
  ['key-value pairs and k-sort-words-1a2b3c stay', 'key-value pairs and k-sort-words-1a2b3c stay'],
  ['user-0123456789abcdef0123456789abcdef', 'user-0123456789abcdef0123456789abcdef'],
  ['http://127.0.0.1:8080/a@b', 'http://127.0.0.1:8080/a@b'],
])('redacts %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})
