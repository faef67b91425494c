import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, until } from '../pipeline.ts'
import { openShell, type Shell } from './command.ts'
import { readOutput, seqsOf } from './results.ts'
import { strongLines } from './stream.ts'

let pipeline: Pipeline
let shell: Shell

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { producer: 0, user: 0, maker: 0, executor: 0 } })
  shell = openShell(pipeline.environment)
}, 60_000)
afterAll(async () => {
  shell.close()
  await pipeline.close()
}, 60_000)

const LINES = 300

/** Requests for the strong model: one call each. */
function streamOf(seed: number): string {
  return strongLines({ families: ['world-knowledge', 'irony'], count: LINES, seed })
    .map((line) => `${line}\n`)
    .join('')
}

const everySeq = Array.from({ length: LINES }, (_, at) => at)

test(
  'Ctrl-C in mid-run: what is done is written and nothing is left running; resume gives the rest to a file, the same command to a pipe',
  { timeout: 240_000 },
  async () => {
    // The simulator lets few calls through: the runs have a middle of more than a minute, however slow the machine is.
    await pipeline.simulator.control('', { storm: { allowPerSecond: 3, retryAfterSeconds: 1 } })
    const output = join(shell.folder, 'out.jsonl')
    writeFileSync(join(shell.folder, 'in.jsonl'), streamOf(1))
    const toFile = ['run', 'in.jsonl', '-o', 'out.jsonl', '--grace', '2']
    const linesInFile = () => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').length - 1 : 0)
    const stdin = streamOf(2)
    const toPipe = ['run', '-', '--run-id', 'r-throughpip', '--grace', '0']

    // The second one uses the stages that the first one has started.
    const first = shell.start(toFile)
    await until('some results are written', () => linesInFile() >= 3, 120_000)
    const second = shell.start(toPipe, { stdin })
    await until('some results have come', () => second.data().split('\n').length > 3, 120_000)
    first.interrupt()
    second.interrupt()
    const [fileEnd, pipeEnd] = await Promise.all([first.ended, second.ended])

    expect(fileEnd.code, fileEnd.stderr).toBe(130)
    expect(fileEnd.stdout).toBe('')
    expect(fileEnd.stderr).toMatch(/^reading no further; waiting up to 2 s for the \d+ requests under way \(Ctrl-C again: at once\)$/m)
    const run = /^interrupted; what is done is written\. To finish: \.\/toolwright resume (r-\w{10})$/m.exec(fileEnd.stderr)?.[1]
    expect(run, fileEnd.stderr).toBeDefined()
    expect(pipeEnd.code, pipeEnd.stderr).toBe(130)
    expect(pipeEnd.stderr).not.toContain('waiting up to')
    expect(pipeEnd.stderr).toMatch(/^interrupted; .* \.\/toolwright resume r-throughpip \(it writes the rest: append it, with >>\)$/m)
    expect(shell.left()).toEqual([])
    const writtenBefore = readOutput(readFileSync(output, 'utf8'))
    const deliveredBefore = readOutput(pipeEnd.stdout)
    for (const { length } of [writtenBefore, deliveredBefore]) {
      expect(length).toBeGreaterThanOrEqual(3)
      expect(length).toBeLessThan(LINES)
    }
    const paid = await Promise.all([run!, 'r-throughpip'].map((one) => pipeline.ledger(one)))

    await pipeline.simulator.control('', { storm: null })
    const [fileRest, pipeRest] = await Promise.all([shell.run(['resume', run!]), shell.run(toPipe, { stdin })])

    expect(fileRest.code, fileRest.stderr).toBe(0)
    const written = readOutput(readFileSync(output, 'utf8'))
    expect(written.slice(0, writtenBefore.length)).toEqual(writtenBefore)
    expect(seqsOf(written)).toEqual(everySeq)
    expect(pipeRest.code, pipeRest.stderr).toBe(0)
    expect(pipeRest.stderr).toMatch(new RegExp(`^${deliveredBefore.length} results of run r-throughpip went to a stream before`, 'm'))
    expect(seqsOf([...deliveredBefore, ...readOutput(pipeRest.stdout)])).toEqual(everySeq)
    for (const { stderr } of [fileRest, pipeRest]) expect(stderr).toMatch(new RegExp(`: ${LINES} lines in .*, ${LINES} answered, 0 failed`))
    for (const [at, one] of [run!, 'r-throughpip'].entries()) {
      const ledger = await pipeline.ledger(one)
      expect(ledger.slice(0, paid[at]!.length)).toEqual(paid[at])
      // No reply that had come was asked for again.
      expect(ledger).toHaveLength(LINES)
    }
    expect(shell.left()).toEqual([])
  },
)
