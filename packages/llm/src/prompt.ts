import { readFileSync } from 'node:fs'

const VARIABLE = /\{\{([A-Za-z][\w-]*)\}\}/g

/**
 * Puts `values` in place of the template's `{{name}}`. A value goes in as it is, once: a `{{x}}` inside it stays text.
 * Throws when a variable of the template has no value, or a value has no variable.
 */
export function renderPrompt(template: string, values: Record<string, string>): string {
  const used = new Set<string>()
  const missing = new Set<string>()
  const rendered = template.replace(VARIABLE, (whole, name: string) => {
    used.add(name)
    if (Object.hasOwn(values, name)) return values[name] ?? whole
    missing.add(name)
    return whole
  })
  const unused = Object.keys(values).filter((name) => !used.has(name))
  if (missing.size > 0) throw new Error(`the prompt needs a value for ${[...missing].join(', ')}`)
  if (unused.length > 0) throw new Error(`the prompt has no variable ${unused.map((name) => `{{${name}}}`).join(', ')}`)
  return rendered
}

/** The text of a prompt's file, without the newline at its end. */
export function loadPrompt(url: URL): string {
  return readFileSync(url, 'utf8').replaceAll('\r\n', '\n').trimEnd()
}
