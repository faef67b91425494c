import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { dayOf, daysLater, isoText, twoDigits } from './calendar.ts'

const offsets =
  '-12:00 -10:00 -09:30 -08:00 -07:00 -06:00 -05:00 -04:00 -03:30 -03:00 +00:00 +01:00 +02:00 +03:30 +04:00 +05:30 +05:45 +07:00 +08:00 +09:30 +11:00 +12:45 +14:00'.split(
    ' ',
  )

const patterns = {
  date: '[0-9]{4}-[0-9]{2}-[0-9]{2}',
  time: '[0-2][0-9]:[0-5][0-9]',
  from: '[+-][01][0-9]:[0-5][0-9]',
  to: '[+-][01][0-9]:[0-5][0-9]',
}

export const timeZone = wordedFamily({
  name: 'time-zone',
  group: 'everyday',
  nearMissOf: null,
  about: 'a date and time at another UTC offset',
  wordings: [
    wording(
      'A meeting starts on {date} at {time} in an office at UTC{from}. What do the clock and calendar say at that moment in an office at UTC{to}? ' +
        'Answer as YYYY-MM-DD HH:MM.',
      patterns,
    ),
    wording('Convert the timestamp {date} {time} from UTC{from} to UTC{to} and keep its form, YYYY-MM-DD HH:MM.', patterns),
    wording(
      'Our server keeps its logs at UTC{from} and wrote {date} {time}. Which local date and time was that for a user at UTC{to}? Use 24-hour time, ' +
        'YYYY-MM-DD HH:MM.',
      patterns,
    ),
  ],
  compose: (random) => {
    const [from = '', to = ''] = random.shuffle(offsets)
    const day = daysLater(dayOf(random.between(1996, 2035), random.between(1, 12), 1), random.pick([-1, 0, random.between(1, 27)]))
    const date = isoText(day)
    const time = `${twoDigits(random.between(0, 23))}:${twoDigits(random.pick([0, 15, 30, 45, random.between(0, 59)]))}`
    const atUtc = Date.parse(`${date}T${time}:00${from}`)
    const target = new Date(atUtc + minutesOf(to) * 60_000).toISOString().slice(0, 16).replace('T', ' ')
    return { slots: { date, time, from, to }, target }
  },
  understand: ({ date = '', time = '', from = '', to = '' }) => {
    const values = { date, time, from_offset: from, to_offset: to }
    try {
      moved(values)
      return values
    } catch (error) {
      if (error instanceof RangeError) return null
      throw error
    }
  },
  solve: moved,
})

/** Throws `RangeError` on days, times and offsets that do not exist. */
function moved(values: Record<string, unknown>): string {
  const date = textOf(values['date'], 'date')
  const time = textOf(values['time'], 'time')
  if (!new RegExp(`^${patterns.date}$`).test(date)) throw new RangeError(`not a date: ${date}`)
  if (!/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/.test(time)) throw new RangeError(`not a time of day: ${time}`)
  const shift = minutesOf(textOf(values['to_offset'], 'to_offset')) - minutesOf(textOf(values['from_offset'], 'from_offset'))
  const minutes = Number(time.slice(0, 2)) * 60 + Number(time.slice(3)) + shift
  const day = dayOf(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8)))
  const minuteOfDay = ((minutes % 1440) + 1440) % 1440
  return `${isoText(daysLater(day, Math.floor(minutes / 1440)))} ${twoDigits(Math.floor(minuteOfDay / 60))}:${twoDigits(minuteOfDay % 60)}`
}

function minutesOf(offset: string): number {
  if (!new RegExp(`^${patterns.from}$`).test(offset)) throw new RangeError(`not an offset: ${offset}`)
  const size = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4))
  if (size > 14 * 60) throw new RangeError(`no place is at UTC${offset}`)
  return offset.startsWith('-') ? -size : size
}
