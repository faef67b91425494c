import { inSolve, type Technique } from '../runaway.ts'

export const BIG_INTEGERS: Technique = {
  'tower of powers': inSolve('timed-out', 'return str(9 ** 9 ** 9)'),
  'power modulo': inSolve('timed-out', 'while True: pow(3, (1 << 20000) - 1, (1 << 20000) - 3)'),
  factorial: inSolve('timed-out', 'import math\nwhile True: math.factorial(10**6)'),
  'product that grows': inSolve(
    'timed-out',
    `
product = 1
for number in range(1, 10**9): product *= number`,
  ),
  'text to number': inSolve('timed-out', 'import sys\nsys.set_int_max_str_digits(0)\nreturn str(int("7" * 10**7) % 7)'),
  'number to text': inSolve('timed-out', 'import sys\nsys.set_int_max_str_digits(0)\nwhile True: str(7 ** 10**5)'),
  'number to text, with the usual limit': inSolve('raised', 'return str(7 ** 10**4)'),
  'shift beyond the memory': inSolve('out-of-memory', 'return str((1 << 4 * 10**9) % 7)'),
  'shift beyond all digits': inSolve('raised', 'return str((1 << 10**11) % 7)'),
  'decimal of a million digits': inSolve(
    'timed-out',
    `
import decimal
decimal.getcontext().prec = 10**6
while True: decimal.Decimal(2).sqrt().ln()`,
  ),
  'fraction with a long exponent': inSolve('timed-out', 'from fractions import Fraction\nreturn str(Fraction("1e1000000000"))'),
}

export const REGULAR_EXPRESSIONS: Technique = {
  'nested repeats': inSolve('timed-out', 'import re\nreturn str(re.match("(a+)+$", "a" * 64 + "b"))'),
  'alternatives that overlap': inSolve('timed-out', 'import re\nreturn str(re.fullmatch("(a|a|aa)*", "a" * 64 + "b"))'),
  'back references': inSolve(
    'timed-out',
    String.raw`
import re
return str(re.match(r"(.*)(.*)(.*)(.*)(.*)\1\2\3\4\5x$", "a" * 500))`,
  ),
  'pattern too deep': inSolve('raised', 'import re\nre.compile("(" * 10_000 + ")" * 10_000)'),
  'pattern too wide': inSolve(
    'timed-out',
    `
import re
while True: re.compile("|".join("a%db{1,%d}" % (number, number) for number in range(1, 50_000)))`,
  ),
  'replacement that floods': inSolve('out-of-memory', 'import re\nreturn str(len(re.sub("", "b" * 10**4, "a" * 10**5)))'),
}
