/** A day of the Gregorian calendar; months and days count from 1. */
export interface Day {
  year: number
  month: number
  day: number
}

export const monthNames = 'January February March April May June July August September October November December'.split(' ')
export const weekdayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** Throws `RangeError` where the month has no such day, or the year has not four digits. */
export function dayOf(year: number, month: number, day: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day))
  const exists = year >= 1000 && year <= 9999 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!exists) throw new RangeError(`there is no day ${day} in month ${month} of ${year}`)
  return { year, month, day }
}

/** The day so many days later, or earlier where `days` is negative. */
export function daysLater({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day + days))
  return dayOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

export function weekdayOf({ year, month, day }: Day): string {
  return weekdayNames[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? ''
}

/** YYYY-MM-DD. */
export function isoText({ year, month, day }: Day): string {
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
