import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

const SOURCES = new URL('./', import.meta.url)

/** The first code of a child, which finds the rest in the image. */
export function childBootstrap(): string {
  return sourceText('child/bootstrap.mjs')
}

/** What a child runs: its sources by path, as they are in this folder but for their types, which would take a child a tenth of a second to take out. */
export function childProgram(): Record<string, string> {
  const files = readdirSync(new URL('child/', SOURCES))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `child/${name}`)
  return Object.fromEntries([...files, 'image-format.ts', 'outcome.ts'].map((path) => [path, stripTypeScriptTypes(sourceText(path))]))
}

function sourceText(path: string): string {
  return readFileSync(new URL(path, SOURCES), 'utf8')
}
