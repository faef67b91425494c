import type { Random } from '../random.ts'
import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'
import { type Day, dayOf, daysLater, isoText, monthNames, twoDigits, weekdayNames, weekdayOf } from './calendar.ts'

const month = `(?<month>${[...monthNames, 'Sept', ...monthNames.map((name) => name.slice(0, 3))].join('|')})`
const weekday = `(?:(?<weekday>${weekdayNames.join('|')}), )?`
const ordinal = '(?<day>[0-9]{1,2})(?<suffix>st|nd|rd|th)?'
const year = '(?<year>[0-9]{4})'

const forms = [
  new RegExp(String.raw`^${weekday}${ordinal} (?:of )?${month}\.?,? ${year}$`),
  new RegExp(String.raw`^${weekday}${month}\.? ${ordinal},? ${year}$`),
  new RegExp(String.raw`^(?<day>[0-9]{1,2})(?<mark>[./-])(?<month>[0-9]{1,2})\k<mark>${year}$`),
]

export const datePatterns = { date: '[A-Za-z0-9][A-Za-z0-9 ,./-]*[0-9]' }

export const dateToIso = wordedFamily({
  name: 'date-to-iso',
  group: 'everyday',
  nearMissOf: null,
  about: 'dates brought to YYYY-MM-DD',
  wordings: [
    wording('Write this date in the form YYYY-MM-DD (the day comes first where it is numbers only): {date}', datePatterns),
    wording(
      'A customer wrote "{date}" on a form; numbers alone mean day, month, year. Which calendar day was meant? Reply as YYYY-MM-DD.',
      datePatterns,
    ),
    wording(
      'Bring the field to ISO 8601. Field: {date}; numeric fields have the day first; wanted: the same day, YYYY-MM-DD',
      datePatterns,
    ),
  ],
  compose: (random) => {
    const day = someDay(random)
    return { slots: { date: freeText(random, day) }, target: isoText(day) }
  },
  understand: readDate,
  solve: (values) => isoText(parseDate(textOf(values['date'], 'date'))),
})

/** A third of them are last days of a month, so that leap days and turns of the year come up. */
export function someDay(random: Random): Day {
  const start = dayOf(random.between(1950, 2040), random.between(1, 12), 1)
  return daysLater(start, random.chance(0.33) ? -1 : random.between(0, 27))
}

export function freeText(random: Random, date: Day): string {
  const { year: years, month: months, day: days } = date
  const full = monthNames[months - 1] ?? ''
  const short = full.slice(0, 3)
  const withSuffix = `${days}${suffixOf(days)}`
  return random.pick([
    () => `${days} ${full} ${years}`,
    () => `${days} ${short} ${years}`,
    () => `${withSuffix} of ${full} ${years}`,
    () => `${withSuffix} ${full}, ${years}`,
    () => `${full} ${days}, ${years}`,
    () => `${full} ${withSuffix}, ${years}`,
    () => `${short}. ${days}, ${years}`,
    () => `${short} ${withSuffix} ${years}`,
    () => `${weekdayOf(date)}, ${days} ${full} ${years}`,
    () => `${weekdayOf(date)}, ${full} ${withSuffix}, ${years}`,
    () => `${twoDigits(days)}.${twoDigits(months)}.${years}`,
    () => `${days}/${months}/${years}`,
    () => `${twoDigits(days)}-${twoDigits(months)}-${years}`,
  ])()
}

export function readDate(slots: Slots): { date: string } | null {
  const date = slots['date'] ?? ''
  try {
    parseDate(date)
    return { date }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Throws `RangeError` on other forms, on days that do not exist, and on a weekday or an ordinal ending that is not the day's. */
export function parseDate(text: string): Day {
  const groups = forms.map((form) => form.exec(text)?.groups).find(Boolean)
  if (!groups) throw new RangeError(`not a date in a known form: ${text}`)
  const named = monthNames.findIndex((name) => name.startsWith((groups['month'] ?? '').slice(0, 3)))
  const date = dayOf(Number(groups['year']), named < 0 ? Number(groups['month']) : named + 1, Number(groups['day']))
  if (groups['suffix'] !== undefined && groups['suffix'] !== suffixOf(date.day)) throw new RangeError(`not an ordinal number in ${text}`)
  if (groups['weekday'] !== undefined && groups['weekday'] !== weekdayOf(date)) throw new RangeError(`another weekday than in ${text}`)
  return date
}

function suffixOf(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}
