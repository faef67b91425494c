import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { daysLater, isoText } from './calendar.ts'
import { datePatterns, freeText, parseDate, readDate, someDay } from './date-to-iso.ts'

export const dateDayAfter = wordedFamily({
  name: 'date-day-after',
  group: 'everyday',
  nearMissOf: 'date-to-iso',
  about: 'the day after a date, as YYYY-MM-DD',
  wordings: [
    wording('Write the day after this date in the form YYYY-MM-DD (the day comes first where it is numbers only): {date}', datePatterns),
    wording(
      'A customer wrote "{date}" on a form; numbers alone mean day, month, year. Which calendar day comes next? Reply as YYYY-MM-DD.',
      datePatterns,
    ),
    wording(
      'Bring the field to ISO 8601. Field: {date}; numeric fields have the day first; wanted: one day later, YYYY-MM-DD',
      datePatterns,
    ),
  ],
  compose: (random) => {
    const next = someDay(random)
    return { slots: { date: freeText(random, daysLater(next, -1)) }, target: isoText(next) }
  },
  understand: readDate,
  solve: (values) => isoText(daysLater(parseDate(textOf(values['date'], 'date')), 1)),
})
