import type { Family, Random } from '@toolwright/families'

/** A plausible wrong answer of the right form: another option, a number that is off, two words swapped, or another request's answer. */
export function wrongAnswer(random: Random, right: string, text: string, family: Family): string {
  const slips = [
    () => otherOption(random, right, text),
    () => shiftedTime(random, right, text),
    () => offNumber(random, right),
    () => disordered(random, right),
  ]
  for (const slip of slips) {
    for (let attempt = 0; attempt < 4; attempt++) {
      const wrong = slip()
      if (wrong === null) break
      if (wrong !== right) return wrong
    }
  }
  return anotherAnswer(random, right, family)
}

function otherOption(random: Random, right: string, text: string): string | null {
  if (!/^\([A-Z]\)$/.test(right)) return null
  const others = [...new Set(text.match(/\([A-Z]\)/g) ?? ['(A)', '(B)', '(C)'])].filter((option) => option !== right)
  return others.length > 0 ? random.pick(others) : null
}

const TIME_RANGE = /^(\d\d):(\d\d)( ?[-–] ?)(\d\d):(\d\d)$/

function shiftedTime(random: Random, right: string, text: string): string | null {
  const range = TIME_RANGE.exec(right)
  if (!range) {
    // An answer without any time, about times: the mistake is to name one.
    const offered = /\d/.test(right) ? [] : (text.match(/\d\d:\d\d ?[-–] ?\d\d:\d\d/g) ?? [])
    return offered.length > 0 ? random.pick(offered) : null
  }
  const [, fromHour, fromMinute, dash, toHour, toMinute] = range
  const shift = 30 * random.between(1, 6) * (random.chance(0.5) ? 1 : -1)
  const clock = (hour = '', minute = '') => {
    const total = (Number(hour) * 60 + Number(minute) + shift + 1440) % 1440
    return `${String(Math.floor(total / 60)).padStart(2, '0')}:${String(total % 60).padStart(2, '0')}`
  }
  return `${clock(fromHour, fromMinute)}${dash}${clock(toHour, toMinute)}`
}

/** Small numbers are off by little; of a large one hardly a digit is right, so that two mistakes seldom agree. */
function offNumber(random: Random, right: string): string | null {
  const numbers = [...right.matchAll(/\d+/g)]
  if (numbers.length === 0) return null
  const { 0: digits, index } = random.pick(numbers)
  const value = Number(digits)
  const off = value < 100 ? value + random.pick([-2, -1, 1, 2, 3]) : random.between(Math.floor(value / 2), value * 2)
  const wrong = String(Math.abs(off)).padStart(digits.startsWith('0') ? digits.length : 1, '0')
  return right.slice(0, index) + wrong + right.slice(index + digits.length)
}

function disordered(random: Random, right: string): string | null {
  const words = right.split(' ')
  if (words.length < 2) return null
  const at = random.between(0, words.length - 2)
  if (words.length > 2 && random.chance(0.3)) return words.toSpliced(at, 1).join(' ')
  const [one = '', other = ''] = [words[at], words[at + 1]]
  return words
    .with(at, other)
    .with(at + 1, one)
    .join(' ')
}

function anotherAnswer(random: Random, right: string, family: Family): string {
  for (let attempt = 0; attempt < 20; attempt++) {
    const wording = random.between(0, family.wordings - 1)
    const { target } = family.generate(random, wording)
    if (target !== null && target !== right) return target
  }
  return right.length > 1 ? right.slice(0, -1) : `${right}?`
}
