import { fits, meetingSlots, readMeeting, schedulePatterns, sharedMinutes, slotText, someMeeting } from '../paper/schedule.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

export const scheduleLatest = wordedFamily({
  name: 'schedule-latest',
  group: 'paper',
  nearMissOf: 'schedule',
  about: 'the latest time for a meeting',
  wordings: [
    wording(
      '{people} want to schedule a {hours}-hour meeting together.\n{possessive}\nWhat time slot works best? (if multiple, choose the latest one)',
      schedulePatterns,
    ),
    wording('Find a time for {people} to meet for {hours} h.\n{free}\nGive the latest slot that suits everyone.', schedulePatterns),
    wording(
      'These are the free times in the calendar. {inline}. They need {hours} h in one piece: which slot is the last that works for all of {people}?',
      schedulePatterns,
    ),
  ],
  compose: (random, index) => {
    const meeting = someMeeting(random)
    return { slots: meetingSlots(random, meeting, index), target: slotText(meeting.common.at(-1) ?? null, meeting.hours) }
  },
  understand: readMeeting,
  solve: (values) => {
    const { minutes, hours } = sharedMinutes(values)
    const start = minutes.findLastIndex((_, at) => fits(minutes, at, hours))
    return slotText(start < 0 ? null : start, hours)
  },
})
