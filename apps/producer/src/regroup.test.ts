import type { Line } from '@toolwright/contracts'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openRegrouping } from './regroup.ts'

const line = (seq: number): Line => ({ seq, customId: String(seq), text: '', frame: '', hop: 0 })
const sorting = { run: 'r-aaaaaaaaaa', kind: 'k-sort-aaaaaa', version: 1 }
const sums = { run: 'r-aaaaaaaaaa', kind: 'k-sums-aaaaaa', version: 1 }

interface Circumstances {
  fails?: boolean
  isBacklogged?: () => boolean
}

function regroupingThatNotes(concurrency: number, { fails = false, isBacklogged = () => false }: Circumstances = {}) {
  const sent: [string, number[]][] = []
  const regrouping = openRegrouping({
    concurrency,
    isBacklogged: async () => isBacklogged(),
    send: async ({ kind }, lines) => {
      if (fails) throw new Error('Redis is away')
      sent.push([kind, lines.map(({ seq }) => seq)])
    },
  })
  return { regrouping, sent }
}

test('lines of one kind from several jobs travel together, and each job waits until its lines are sent', async () => {
  const { regrouping, sent } = regroupingThatNotes(2)
  const [one, two] = [regrouping.begin(), regrouping.begin()]
  one.put(sorting, [line(1)])
  one.put(sums, [line(2)])
  one.put(sorting, [line(3)])
  const first = one.send()
  expect(sent).toEqual([])
  two.put(sorting, [line(4)])
  await Promise.all([first, two.send()])
  expect(sent).toEqual([
    [sorting.kind, [1, 3, 4]],
    [sums.kind, [2]],
  ])
})

test('a job alone waits for nobody, and one that failed holds nobody up', async () => {
  const { regrouping, sent } = regroupingThatNotes(8)
  const alone = regrouping.begin()
  alone.put(sums, [line(1)])
  await alone.send()
  const [failing, other] = [regrouping.begin(), regrouping.begin()]
  failing.put(sums, [line(2)])
  other.put(sums, [line(3)])
  const sending = other.send()
  failing.drop()
  await sending
  expect(sent.map(([, seqs]) => seqs)).toEqual([[1], [3]])
})

test('a slow job holds the others up for a moment only', async () => {
  const { regrouping, sent } = regroupingThatNotes(8)
  const slow = regrouping.begin()
  const quick = regrouping.begin()
  quick.put(sums, [line(1)])
  await quick.send()
  expect(sent).toEqual([[sums.kind, [1]]])
  slow.put(sums, [line(2)])
  await slow.send()
  expect(sent).toHaveLength(2)
})

test('what could not be sent fails every job that put something', async () => {
  const { regrouping } = regroupingThatNotes(2, { fails: true })
  const [one, two] = [regrouping.begin(), regrouping.begin()]
  one.put(sums, [line(1)])
  two.put(sums, [line(2)])
  const ends = await Promise.allSettled([one.send(), two.send()])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('while the workers have enough before them, lines are held until they have not, or until no more can come', async () => {
  let isBacklogged = true
  const { regrouping, sent } = regroupingThatNotes(3, { isBacklogged: () => isBacklogged })
  const jobs = [regrouping.begin(), regrouping.begin(), regrouping.begin()]
  const sendOne = (at: number) => {
    jobs[at]!.put(sums, [line(at)])
    return jobs[at]!.send()
  }
  const all = [sendOne(0), sendOne(1)]
  await delay(200)
  expect(sent).toEqual([])
  await Promise.all([...all, sendOne(2)])
  expect(sent).toEqual([[sums.kind, [0, 1, 2]]])

  await delay(20)
  const alone = regrouping.begin()
  alone.put(sums, [line(3)])
  const sending = alone.send()
  await delay(200)
  expect(sent).toHaveLength(1)
  isBacklogged = false
  await sending
  expect(sent).toHaveLength(2)
})
