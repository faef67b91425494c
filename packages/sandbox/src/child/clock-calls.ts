import type { Heap } from './memory.ts'
import { ERRNO } from './errno.ts'

const CLOCK_REALTIME = 0
const LAST_CLOCK = 3
const NANOSECONDS = 1_000_000

/** The imports that tell the time. Dates are moved by `offsetMs`; the zone is UTC. `checkTime` is called by all that a loop which waits would ask again and again. */
export function clockCalls(heap: Heap, offsetMs: number, checkTime: () => void) {
  const now = performance.now.bind(performance)
  const dateNow = () => Date.now() + offsetMs

  /** `struct tm`: seconds, minutes, hours, day, month, year since 1900, day of the week, day of the year, daylight saving, offset; each an int. */
  const writeDate = (pointer: number, date: Date) => {
    const year = date.getUTCFullYear()
    const startOfYear = new Date(0).setUTCFullYear(year, 0, 1)
    const fields = [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth(),
      year - 1900,
      date.getUTCDay(),
      Math.floor((date.getTime() - startOfYear) / 86_400_000),
      0,
      0,
    ]
    for (const [index, value] of fields.entries()) heap.setInt32(pointer + 4 * index, value)
  }
  const breakDown = (seconds: unknown, pointer: unknown) => writeDate(Number(pointer), new Date(Number(seconds) * 1000))
  const buildUp = (pointer: unknown): bigint => {
    const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = [0, 1, 2, 3, 4, 5].map(
      (index) => heap.uint32(Number(pointer) + 4 * index) | 0,
    )
    const date = new Date(0)
    date.setUTCFullYear(year + 1900, month, day)
    date.setUTCHours(hour, minute, second)
    // The fields stay as they are then, which is how the C library tells failure from the last second of 1969.
    if (Number.isNaN(date.getTime())) return -1n
    writeDate(Number(pointer), date)
    return BigInt(Math.floor(date.getTime() / 1000))
  }

  return {
    emscripten_date_now: dateNow,
    emscripten_get_now: () => {
      // `time.sleep` is a loop over this clock, so it ends here too.
      checkTime()
      return now()
    },
    clock_time_get: (id: unknown, _precision: unknown, pointer: unknown) => {
      checkTime()
      if (!isClock(id)) return ERRNO.EINVAL
      const milliseconds = Number(id) === CLOCK_REALTIME ? dateNow() : now()
      heap.setInt64(Number(pointer), BigInt(Math.round(milliseconds * NANOSECONDS)))
      return 0
    },
    clock_res_get: (id: unknown, pointer: unknown) => {
      if (!isClock(id)) return ERRNO.EINVAL
      heap.setInt64(Number(pointer), Number(id) === CLOCK_REALTIME ? 1_000_000n : 1_000n)
      return 0
    },
    _gmtime_js: breakDown,
    _localtime_js: breakDown,
    _timegm_js: buildUp,
    _mktime_js: buildUp,
    _tzset_js: (zone: unknown, daylight: unknown, standardName: unknown, daylightName: unknown) => {
      heap.setUint32(Number(zone), 0)
      heap.setUint32(Number(daylight), 0)
      for (const name of [standardName, daylightName]) heap.bytes(Number(name), 4).set([0x55, 0x54, 0x43, 0])
    },
  }
}

function isClock(id: unknown): boolean {
  return Number(id) >= 0 && Number(id) <= LAST_CLOCK
}
