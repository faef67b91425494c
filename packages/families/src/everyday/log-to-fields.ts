import type { Random } from '../random.ts'
import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { twoDigits } from './calendar.ts'

const levels = ['debug', 'info', 'warn', 'error']
const services = 'checkout billing search catalog inventory login mailer payments shipping reports image-proxy session-store'.split(' ')
const events = [
  'request finished',
  'upstream timed out',
  'cache refreshed',
  'retry scheduled',
  'connection reset by peer',
  'token expired',
  'queue drained',
]
const codes = [200, 201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504]
const paths = ['/cart', '/v1/items/73', '/login', '/orders/8841', '/api/search', '/img/logo.png', '/health', '/v2/users/15/orders']
const shortMonths = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const level = '(?<level>debug|info|warn|error|DEBUG|INFO|WARN|ERROR)'
const service = '(?<service>[a-z]+(?:-[a-z]+)*)'
const code = '(?<code>[1-5][0-9]{2})'
const stamp = '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z'

/** The three formats of log lines that come up, in any wording. */
const forms = [
  new RegExp(String.raw`${stamp} ${level} \[${service}\] [a-z]+(?: [a-z]+)*, code ${code}, [0-9]+ ms`),
  new RegExp(
    String.raw`[0-9.]+ - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9:]+ \+0000\] "[A-Z]+ /[a-z0-9/._-]* HTTP/1\.1" ${code} [0-9]+ svc=${service} level=${level}`,
  ),
  new RegExp(String.raw`\{"time":"${stamp}","service":"${service}","code":${code},"level":"${level}","took_ms":[0-9]+\}`),
]

const patterns = { line: forms.map((form) => form.source.replaceAll(/\(\?<\w+>/g, '(?:')).join('|') }

export const logToFields = wordedFamily({
  name: 'log-to-fields',
  group: 'everyday',
  nearMissOf: null,
  about: 'level, service and code of a log line',
  wordings: [
    wording(
      'Extract the level, the service and the code from this log line. Answer exactly in the form level=... service=... code=... and in lower case.\n{line}',
      patterns,
    ),
    wording(
      'Log line: {line}\nGive three of its fields as one row in lower case, level=<level> service=<service> code=<code>, and leave the rest out.',
      patterns,
    ),
    wording(
      'We index our logs by three things only. Write the index entry (level=L service=S code=C, all lower case) for the entry between the marks.\n' +
        '<<<\n{line}\n>>>',
      patterns,
    ),
  ],
  compose: (random) => {
    const fields = { level: random.pick(levels), service: random.pick(services), code: random.pick(codes) }
    return { slots: { line: logLine(random, fields) }, target: `level=${fields.level} service=${fields.service} code=${fields.code}` }
  },
  understand: (slots) => ({ line: slots['line'] }),
  solve: (values) => {
    const line = textOf(values['line'], 'line')
    const groups = forms.map((form) => new RegExp(`^${form.source}$`).exec(line)?.groups).find(Boolean)
    if (!groups) throw new RangeError(`not a log line in a known format: ${line}`)
    return `level=${(groups['level'] ?? '').toLowerCase()} service=${groups['service']} code=${groups['code']}`
  },
})

function logLine(random: Random, fields: { level: string; service: string; code: number }): string {
  const year = random.between(2021, 2026)
  const month = random.between(1, 12)
  const day = twoDigits(random.between(1, 28))
  const clock = [random.between(0, 23), random.between(0, 59), random.between(0, 59)].map(twoDigits).join(':')
  const iso = `${year}-${twoDigits(month)}-${day}T${clock}Z`
  const address = Array.from({ length: 4 }, () => random.between(1, 254)).join('.')
  const request = `${random.pick(['GET', 'POST', 'PUT', 'DELETE'])} ${random.pick(paths)} HTTP/1.1`
  const amount = random.between(1, 4000)
  const upper = fields.level.toUpperCase()
  return random.pick([
    () => `${iso} ${upper} [${fields.service}] ${random.pick(events)}, code ${fields.code}, ${amount} ms`,
    () =>
      `${address} - - [${day}/${shortMonths[month - 1]}/${year}:${clock} +0000] "${request}" ${fields.code} ${amount} ` +
      `svc=${fields.service} level=${random.pick([upper, fields.level])}`,
    () =>
      JSON.stringify({
        time: iso,
        service: fields.service,
        code: fields.code,
        level: random.pick([upper, fields.level]),
        took_ms: amount,
      }),
  ])()
}
