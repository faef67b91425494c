import * as fc from 'fast-check'

/** One JSON value, written three ways. */
export interface Written {
  /** As a caller may send it: other escapes, other forms of the same number, spaces. */
  sent: string
  /** As Python's `json.dumps` writes it. */
  ascii: string
  /** As Python's `json.dumps` writes it with `ensure_ascii=False`. Lone surrogates stand in it as they are. */
  plain: string
}

/** Text of UTF-16 code units as they come, lone surrogates and zeros among them. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xff_ff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\0', '\ufeff', '\ufeffx', '\u2028', '\u007f', '__proto__', 'constructor', '\ud83d', '\ude00\ud83d', '🌍'),
)

/** Up to what Python takes from text without more ado: 4,300 digits. */
const wholeNumber: fc.Arbitrary<Written> = fc
  .oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.bigInt({ min: -(10n ** 4_300n) + 1n, max: 10n ** 4_300n - 1n }))
  .map((number) => ({ sent: String(number), ascii: String(number), plain: String(number) }))

const float: fc.Arbitrary<Written> = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => {
  const asPython = pythonFloat(number)
  const asJson = JSON.stringify(number)
  // Python would take it for an integer without a point or an exponent.
  return { sent: /[.e]/.test(asJson) ? asJson : asPython, ascii: asPython, plain: asPython }
})

const text: fc.Arbitrary<Written> = fc.tuple(anyText, fc.boolean()).map(([value, isEscaped]) => ({
  sent: isEscaped ? asciiText(value) : JSON.stringify(value),
  ascii: asciiText(value),
  plain: plainText(value),
}))

const { value } = fc.letrec<{ value: Written }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '[]', '{}').map((word) => ({ sent: word, ascii: word, plain: word })),
    wholeNumber,
    float,
    text,
    fc.array(tie('value'), { maxLength: 6 }).map((items) => joined('[', items, ']')),
    objectOf(tie('value')),
  ),
}))

/** What a tool's arguments may be: an object of any JSON values. */
export const anyObject: fc.Arbitrary<Written> = objectOf(value)

function objectOf(member: fc.Arbitrary<Written>): fc.Arbitrary<Written> {
  return fc.uniqueArray(fc.tuple(anyText, member), { maxLength: 6, selector: ([key]) => key }).map((members) =>
    joined(
      '{',
      members.map(([key, one]) => ({
        sent: `${JSON.stringify(key)} :${one.sent}`,
        ascii: `${asciiText(key)}: ${one.ascii}`,
        plain: `${plainText(key)}: ${one.plain}`,
      })),
      '}',
    ),
  )
}

function joined(open: string, items: Written[], close: string): Written {
  const join = (texts: string[], separator: string) => `${open}${texts.join(separator)}${close}`
  return {
    sent: join(
      items.map(({ sent }) => sent),
      '\n, ',
    ),
    ascii: join(
      items.map(({ ascii }) => ascii),
      ', ',
    ),
    plain: join(
      items.map(({ plain }) => plain),
      ', ',
    ),
  }
}

/** As JSON.stringify, which has the same escapes, but for lone surrogates. */
function plainText(given: string): string {
  return JSON.stringify(given).replaceAll(/\\\\|\\u(d[89a-f]..)/g, (escape, unit?: string) =>
    unit === undefined ? escape : String.fromCharCode(Number.parseInt(unit, 16)),
  )
}

function asciiText(given: string): string {
  return JSON.stringify(given).replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As Python's `repr`: the same shortest digits as here, but another border to the exponent. */
function pythonFloat(number: number): string {
  if (Object.is(number, -0)) return '-0.0'
  const [digits = '', exponentText = ''] = number.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  return Number.isInteger(number) ? `${number}.0` : String(number)
}
