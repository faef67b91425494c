import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import type { LineResult } from '@toolwright/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { OutputMark } from './output-line.ts'
import { OutputClosed } from './result-sink.ts'
import { openResultWriter, type ResultWriterOptions } from './result-writer.ts'
import { UsageError } from './usage-error.ts'

const RUN = 'r-abcdefghij'
const Line = z.object({ custom_id: z.string(), toolwright: OutputMark })
const Told = z.object({ full: z.array(z.tuple([z.int(), z.string()])), length: z.int(), last: z.string(), size: z.int() })

let folder: string
let out: string
let talk: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'results-'))
  out = join(folder, 'out.jsonl')
  talk = []
})
afterEach(() => rm(folder, { recursive: true }))

function openWriter(options: Partial<ResultWriterOptions> = {}) {
  return openResultWriter({ run: RUN, output: out, log: (message) => talk.push(message), ...options })
}

const common = { kind: null, kindName: null, decidedBy: null, costNano: 0, baseline: { costNano: null, basis: 'unknown' as const } }

function answered(
  seq: number,
  answer = `answer ${seq} ${'ü'.repeat(seq % 50)}`,
  completion: Record<string, unknown> | null = null,
): LineResult {
  const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  const tool = { tier: 'extracted' as const, tool: 'k-x-0a1b2c@1', version: 1, model: 'toolwright/extracted' }
  return { ...common, ...tool, status: 'answered', seq, customId: `line-${seq}`, answer, completion, usage, correct: null }
}

function failed(seq: number): LineResult {
  return { ...common, status: 'failed', seq, customId: `line-${seq}`, statusCode: 0, error: { code: 'invalid_json_line', message: 'bad' } }
}

async function seqsIn(path: string): Promise<number[]> {
  const text = await readFile(path, 'utf8')
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => Line.parse(JSON.parse(line)).toolwright.seq)
}

test('writes each result once, however often and however close together it comes', async () => {
  const writer = await openWriter()
  const first = await writer.write([answered(0), answered(1), answered(1)])
  expect(first).toMatchObject({ written: [{ seq: 0 }, { seq: 1 }], repeated: 1 })
  const [a, b, c] = await Promise.all([
    writer.write([answered(1), answered(2)]),
    writer.write([answered(2), answered(3)]),
    writer.write([answered(3), answered(0)]),
  ])
  expect(a).toMatchObject({ written: [{ seq: 2 }], repeated: 1 })
  expect(b).toMatchObject({ written: [{ seq: 3 }], repeated: 1 })
  expect(c).toEqual({ written: [], repeated: 2 })
  expect(writer.size).toBe(4)
  expect([writer.has(3), writer.has(4)]).toEqual([true, false])
  await writer.close()
  expect(await seqsIn(out)).toEqual([0, 1, 2, 3])
  await expect(writer.write([answered(9)])).rejects.toThrow(/closed/)
})

test('puts failed lines into the errors file, and goes on in both', async () => {
  const errors = join(folder, 'errors.jsonl')
  const writer = await openWriter({ errors })
  await writer.write([answered(0), failed(1), answered(2)])
  await writer.close()
  const found: number[] = []
  const again = await openWriter({ errors, onFound: (mark) => found.push(mark.seq) })
  expect(found).toEqual([0, 2, 1])
  expect(await again.write([failed(1), answered(0), failed(3)])).toMatchObject({ written: [{ seq: 3 }], repeated: 2 })
  await again.close()
  expect(await seqsIn(out)).toEqual([0, 2])
  expect(await seqsIn(errors)).toEqual([1, 3])
  expect((await readdir(folder)).toSorted()).toEqual(['errors.jsonl', 'out.jsonl'])
})

test('an errors file that is the output is one file', async () => {
  const writer = await openWriter({ errors: join(folder, '.', 'out.jsonl') })
  await writer.write([answered(0), failed(1)])
  await writer.close()
  expect(await seqsIn(out)).toEqual([0, 1])
})

test('cuts off a torn last line, wherever it was torn', async () => {
  const writer = await openWriter()
  await writer.write([answered(0), answered(1)])
  await writer.write([answered(47)])
  await writer.close()
  const whole = await readFile(out)
  const before = whole.lastIndexOf('\n', whole.length - 2) + 1
  // Every eighth byte, and so now and then within a character of two bytes; the newline alone missing is another case.
  for (let length = before + 1; length < whole.length - 1; length += 8) {
    await writeFile(out, whole)
    await truncate(out, length)
    const again = await openWriter()
    expect(again.size).toBe(2)
    expect(await again.write([answered(47), answered(1)])).toMatchObject({ written: [{ seq: 47 }], repeated: 1 })
    await again.close()
    expect(await seqsIn(out)).toEqual([0, 1, 47])
  }
  expect(talk[0]).toMatch(/out\.jsonl: cut off 1 bytes/)
})

test('keeps a last line that lacks only its newline', async () => {
  const writer = await openWriter()
  await writer.write([answered(0), answered(1)])
  await writer.close()
  await truncate(out, (await stat(out)).size - 1)
  const again = await openWriter()
  expect(await again.write([answered(1), answered(2)])).toMatchObject({ written: [{ seq: 2 }], repeated: 1 })
  await again.close()
  expect(await seqsIn(out)).toEqual([0, 1, 2])
})

test('cuts off the zeros that a power cut leaves', async () => {
  const writer = await openWriter()
  await writer.write([answered(0)])
  await writer.close()
  const good = await readFile(out, 'utf8')
  for (const hole of ['\0'.repeat(9000), `\0\0\0"}\n${good.replaceAll('0', '1')}`, `{"id":"${RUN}-1\0\0\0\n\0`]) {
    await writeFile(out, good + hole)
    const again = await openWriter()
    expect(again.size).toBe(1)
    await again.close()
    expect(await readFile(out, 'utf8')).toBe(good)
  }
})

test.each(['notes without a newline', '{"a":1}\n', '{"id":"r-zzzzzzzzzz-0","custom', '\0binary', `[1]\n{"id":"${RUN}-`])(
  'does not touch a file that holds something else: %j',
  async (content) => {
    await writeFile(out, content)
    await expect(openWriter()).rejects.toThrow(/already exists; its line 1 is not a result of run r-abcdefghij/)
    await expect(openWriter()).rejects.toThrow(UsageError)
    expect(await readFile(out, 'utf8')).toBe(content)
    expect(await readdir(folder)).toEqual(['out.jsonl'])
  },
)

test('refuses a file of another run and names that run', async () => {
  const writer = await openWriter({ run: 'r-otherother' })
  await writer.write([answered(0)])
  await writer.close()
  await expect(openWriter()).rejects.toThrow(/already exists; it holds results of run r-otherother.*--run-id r-otherother/)
})

test('refuses foreign lines after its own, and takes an empty file', async () => {
  await writeFile(out, '')
  const writer = await openWriter()
  await writer.write([answered(0)])
  await writer.close()
  await appendFile(out, 'my remark\n')
  await expect(openWriter()).rejects.toThrow(/its line 2 is not a result/)
})

test('says which folder is missing, and that a folder is no file', async () => {
  await expect(openWriter({ output: join(folder, 'none', 'out.jsonl') })).rejects.toThrow(/the folder .*none does not exist; make it first/)
  await expect(openWriter({ output: folder })).rejects.toThrow(/it is a folder/)
  const writer = openWriter({ errors: join(folder, 'none', 'errors.jsonl') })
  await expect(writer).rejects.toThrow(UsageError)
  expect(existsSync(`${out}.lock`)).toBe(false)
})

test('lets one writer have a file, however its path is spelt', async () => {
  const writer = await openWriter()
  await expect(openWriter({ output: join(folder, '..', folder.split('/').at(-1)!, 'out.jsonl') })).rejects.toThrow(
    new RegExp(`is being written by process ${process.pid} \\(run ${RUN}\\)`),
  )
  await writer.close()
  await (await openWriter()).close()
})

test('writes to what is no ordinary file as to a stream', async () => {
  const writer = await openWriter({ output: '/dev/null' })
  expect(await writer.write([answered(0)])).toMatchObject({ written: [{ seq: 0 }] })
  await writer.close()
  expect(existsSync('/dev/null.lock')).toBe(false)
  const full = await openWriter({ output: '/dev/full' })
  await expect(full.write([answered(0)])).rejects.toThrow(/ENOSPC/)
  await full.close()
})

test('writes lines to a stream, each once', async () => {
  const stream = new PassThrough()
  const writer = await openWriter({ output: stream })
  await Promise.all([writer.write([answered(0), failed(1)]), writer.write([answered(0), answered(2)])])
  await writer.close()
  expect(stream.destroyed || stream.writableEnded).toBe(false)
  stream.end()
  const lines = (await Array.fromAsync(stream)).join('').trim().split('\n')
  expect(lines.map((line) => Line.parse(JSON.parse(line)).custom_id)).toEqual(['line-0', 'line-1', 'line-2'])
})

test('tells a reader that has gone from a broken disk, and takes the errors back that went with it', async () => {
  const errors = join(folder, 'errors.jsonl')
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) })
  const writer = await openWriter({ output: gone, errors })
  await expect(writer.write([answered(0), failed(1)])).rejects.toThrow(OutputClosed)
  await expect(writer.write([answered(2)])).rejects.toThrow(OutputClosed)
  expect(await seqsIn(errors)).toEqual([])
  expect(writer.size).toBe(0)
  await writer.close()
})

test('a result that cannot be put into words fails its own call alone', async () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const writer = await openWriter()
  const outcomes = await Promise.allSettled([
    writer.write([answered(0)]),
    writer.write([answered(1, 'x', circular), answered(2)]),
    writer.write([answered(2), answered(3)]),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await writer.close()
  expect(await seqsIn(out)).toEqual([0, 2, 3])
})

/** A process of its own that opens the writer and runs `body`, which sees `writer` and `answered`. */
function writerProcess(body: string, prefix: string[] = []) {
  const module = JSON.stringify(new URL('./result-writer.ts', import.meta.url).href)
  const script = `
    const { openResultWriter } = await import(${module})
    const common = ${JSON.stringify(common)}
    const answered = ${answered.toString()}
    const writer = await openResultWriter({ run: '${RUN}', output: ${JSON.stringify(out)}, log() {} })
    ${body}`
  const [command, ...rest] = [...prefix, process.execPath, '--input-type=module', '-e', script]
  return spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('killed at any moment and opened again, it has every result exactly once', { timeout: 60_000 }, async () => {
  const body = `
    console.log('open')
    for (let seq = 0; ; seq += 20) {
      const batch = (from) => writer.write(Array.from({ length: 10 }, (_, i) => answered(from + i)))
      await Promise.all([batch(seq), batch(seq + 5), batch(seq + 10)])
      console.log(seq)
    }`
  let most = -1
  for (let round = 0; round < 12; round++) {
    const child = writerProcess(body)
    // Killed at a random size of the file, and so anywhere between the start of a write and its sync.
    const limit = (existsSync(out) ? (await stat(out)).size : 0) + Math.random() * 60_000 * (round % 3)
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text
    })
    await once(child.stdout, 'data')
    while ((await stat(out)).size < limit) await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    await once(child, 'close')
    most = Math.max(most, ...told.split('\n').slice(1, -2).map(Number))
    if (round % 4 === 1) await appendFile(out, `{"id":"${RUN}-77","custom_id":"`)
  }
  expect(most).toBeGreaterThan(100)
  const found = new Set<number>()
  const writer = await openWriter({ onFound: (mark) => found.add(mark.seq) })
  for (let seq = 0; seq < most; seq++) expect(found.has(seq)).toBe(true)
  const all = Array.from({ length: most + 5000 }, (_, seq) => answered(seq))
  await writer.write(all)
  await writer.close()
  const seqs = await seqsIn(out)
  expect(new Set(seqs).size).toBe(seqs.length)
  expect(seqs.length).toBeGreaterThanOrEqual(all.length)
})

test('refuses a file while another process writes it, and takes it over once that is killed', async () => {
  const child = writerProcess(`await writer.write([answered(0)]); console.log('ready'); setInterval(() => {}, 1000)`)
  await once(child.stdout, 'data')
  await expect(openWriter()).rejects.toThrow(`is being written by process ${child.pid}`)
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(existsSync(`${out}.lock`)).toBe(true)
  const writer = await openWriter()
  expect(writer.size).toBe(1)
  await writer.close()
  expect(await readdir(folder)).toEqual(['out.jsonl'])
})

test('a full disk fails the call, leaves whole lines only, and the call can be made again', async () => {
  // A file size limit stands in for the full disk: it too lets the first part of a write through.
  const limit = ['bash', '-c', 'ulimit -f 16; exec "$@"', 'limited']
  const body = `
    const full = []
    for (let seq = 0; seq < 40; seq += 2) {
      await writer.write([answered(seq, 'x'.repeat(900)), answered(seq + 1, 'x'.repeat(900))]).catch((error) => full.push([seq, error.message]))
    }
    const { statSync } = await import('node:fs')
    const length = statSync(${JSON.stringify(out)}).size
    const last = await writer.write([answered(50, '')]).then(() => 'written', () => 'refused')
    console.log(JSON.stringify({ full, length, last, size: writer.size }))
    await writer.close()`
  const child = writerProcess(body, limit)
  const told = (await Array.fromAsync(child.stdout.setEncoding('utf8'))).join('')
  const { full, length, last, size } = Told.parse(JSON.parse(told))
  const [seq, message] = full[0]!
  expect(message).toMatch(/cannot write .*out\.jsonl: EFBIG/)
  expect(full.length).toBe((40 - seq) / 2)
  expect(length).toBeLessThanOrEqual(16 * 1024)
  expect(last).toBe('written')
  expect(size).toBe(seq + 1)
  expect(await seqsIn(out)).toEqual([...Array.from({ length: seq }, (_, i) => i), 50])
  const writer = await openWriter()
  expect(await writer.write([answered(seq), answered(seq + 1)])).toMatchObject({ repeated: 0 })
  await writer.close()
})

test('opens a large file of results unchanged', async () => {
  const writer = await openWriter()
  for (let seq = 0; seq < 10_000; seq += 1000) await writer.write(Array.from({ length: 1000 }, (_, i) => answered(seq + i)))
  await writer.close()
  const { size } = await stat(out)
  const again = await openWriter()
  expect(again.size).toBe(10_000)
  await again.close()
  expect((await stat(out)).size).toBe(size)
})
