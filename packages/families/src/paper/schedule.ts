import type { Random } from '../random.ts'
import { listOf, numberOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'

const names = 'Ana Ben Clara Dan Emma Felix Gina Hugo Iris Jonas Kira Leo Mona Nils Olga Paul Rosa Sam Tina Viktor'.split(' ')
const dayStart = 9 * 60
const dayEnd = 18 * 60

const range = '[0-2][0-9]:[0-5][0-9] - [0-2][0-9]:[0-5][0-9]'
const ranges = `${range}(?:, ${range})*`
const name = '[A-Z][a-z]*'

export const schedulePatterns = {
  people: `${name}(?:, ${name})*,? and ${name}`,
  hours: String.raw`[0-9]+(?:\.[0-9]+)?`,
  possessive: String.raw`${name}'s availability: ${ranges}(?:\n${name}'s availability: ${ranges})*`,
  free: String.raw`${name} is free at ${ranges}(?:\n${name} is free at ${ranges})*`,
  inline: `${name}: ${ranges}(?:; ${name}: ${ranges})*`,
}

/** How a wording writes each person's line, and what joins the lines. */
const lineForms = [
  { between: "'s availability: ", join: '\n' },
  { between: ' is free at ', join: '\n' },
  { between: ': ', join: '; ' },
]

const noSlot = 'No time slot works.'

export const schedule = wordedFamily({
  name: 'schedule',
  group: 'paper',
  nearMissOf: null,
  about: 'the earliest time for a meeting',
  wordings: [
    wording(
      '{people} want to schedule a {hours}-hour meeting together.\n{possessive}\nWhat time slot works best? (if multiple, choose the earliest one)',
      schedulePatterns,
    ),
    wording('Find a time for {people} to meet for {hours} h.\n{free}\nGive the earliest slot that suits everyone.', schedulePatterns),
    wording(
      'These are the free times in the calendar. {inline}. They need {hours} h in one piece: which slot is the first that works for all of {people}?',
      schedulePatterns,
    ),
  ],
  compose: (random, index) => {
    const meeting = someMeeting(random)
    return { slots: meetingSlots(random, meeting, index), target: slotText(meeting.common[0] ?? null, meeting.hours) }
  },
  understand: readMeeting,
  solve: (values) => {
    const { minutes, hours } = sharedMinutes(values)
    const start = minutes.findIndex((_, at) => fits(minutes, at, hours))
    return slotText(start < 0 ? null : start, hours)
  },
})

interface Meeting {
  hours: number
  /** By person, in minutes of the day. */
  free: { start: number; end: number }[][]
  /** All starts on the half hour that suit everyone, in order. */
  common: number[]
}

/** Two or three people whose free times lie on the half hours of a working day. */
export function someMeeting(random: Random): Meeting {
  const hours = random.pick([0.5, 1, 1.5, 2])
  const halves = (dayEnd - dayStart) / 30
  const isFree = Array.from({ length: random.pick([2, 2, 3]) }, () => {
    let free = random.chance(0.5)
    return Array.from({ length: halves }, () => (random.chance(free ? 0.2 : 0.4) ? (free = !free) : free))
  })
  for (const halfHours of isFree) if (!halfHours.includes(true)) halfHours[random.between(0, halves - 1)] = true
  const common = Array.from({ length: halves - hours * 2 + 1 }, (_, at) => at)
    .filter((at) => isFree.every((halfHours) => halfHours.slice(at, at + hours * 2).every(Boolean)))
    .map((at) => dayStart + at * 30)
  return { hours, free: isFree.map(runs), common }
}

export function meetingSlots(random: Random, meeting: Meeting, wordingIndex: number): Slots {
  const picked = wordingIndex === 0 ? ['A', 'B', 'C'] : random.shuffle(names)
  const people = picked.slice(0, meeting.free.length)
  const form = lineForms[wordingIndex]
  if (!form) throw new RangeError(`no lines for wording ${wordingIndex}`)
  const lines = meeting.free
    .map((times, index) => people[index] + form.between + times.map(({ start, end }) => `${clock(start)} - ${clock(end)}`).join(', '))
    .join(form.join)
  const list = people.length > 2 ? `${people.slice(0, -1).join(', ')}, and ${people.at(-1)}` : people.join(' and ')
  return { people: list, hours: String(meeting.hours), possessive: lines, free: lines, inline: lines }
}

/** Null where the lines are not those of the people who meet, or a time is none. */
export function readMeeting(slots: Slots, wordingIndex: number): { hours: number; availabilities: string[][] } | null {
  const form = lineForms[wordingIndex]
  const lines = slots['possessive'] ?? slots['free'] ?? slots['inline']
  if (!form || lines === undefined) return null
  const pairs = lines.split(form.join).map((line) => line.split(form.between))
  const people = (slots['people'] ?? '').split(/, and |, | and /)
  if (pairs.length !== people.length || pairs.some(([person], index) => person !== people[index])) return null
  const availabilities = pairs.map(([, times]) => (times ?? '').split(', '))
  return availabilities.flat().every(isRange) ? { hours: Number(slots['hours']), availabilities } : null
}

/** For every minute of the day whether all are free. Throws `RangeError` on arguments that are no meeting. */
export function sharedMinutes(values: Record<string, unknown>): { minutes: boolean[]; hours: number } {
  const hours = numberOf(values['hours'], 'hours')
  if (hours <= 0 || !Number.isInteger(hours * 60)) throw new RangeError(`${hours} hours are no length of a meeting`)
  const people = listOf(values['availabilities'], 'availabilities', (times, at) => listOf(times, at, textOf))
  if (people.length === 0) throw new RangeError('nobody meets')
  const minutes = Array.from({ length: 24 * 60 }, () => true)
  for (const times of people) {
    if (!times.every(isRange)) throw new RangeError(`not times of a day: ${times.join(', ')}`)
    const free = times.map(readRange)
    for (const minute of minutes.keys()) minutes[minute] &&= free.some(({ start, end }) => start <= minute && minute < end)
  }
  return { minutes, hours }
}

export function fits(minutes: readonly boolean[], start: number, hours: number): boolean {
  const end = start + hours * 60
  if (end > minutes.length) return false
  for (let minute = start; minute < end; minute++) if (!minutes[minute]) return false
  return true
}

export function slotText(start: number | null, hours: number): string {
  return start === null ? noSlot : `${clock(start)} - ${clock(start + hours * 60)}`
}

function runs(halfHours: readonly boolean[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = []
  for (const [at, isFree] of halfHours.entries()) {
    if (!isFree) continue
    const start = dayStart + at * 30
    const last = found.at(-1)
    if (last?.end === start) last.end += 30
    else found.push({ start, end: start + 30 })
  }
  return found
}

function isRange(text: string): boolean {
  if (!new RegExp(`^${range}$`).test(text)) return false
  const { start, end } = readRange(text)
  return start < end && end <= 24 * 60
}

function readRange(text: string): { start: number; end: number } {
  const [start = 0, end = 0] = text.split(' - ').map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)))
  return { start, end }
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
