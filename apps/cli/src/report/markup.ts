/** Text that is HTML already. */
export interface Markup {
  markup: string
}

type Value = string | number | Markup | readonly Markup[]

/** A template of HTML: what is put in is escaped, unless it is HTML itself. */
export function markup(texts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: texts.map((text, at) => text + (at < values.length ? inserted(values[at]!) : '')).join('') }
}

/** What a library rendered, which has done its own escaping. */
export function rendered(text: string): Markup {
  return { markup: text }
}

export const nothing: Markup = { markup: '' }

function inserted(value: Value): string {
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map((one) => one.markup).join('')
  return escaped(String(value))
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}
