import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HASH_BYTES } from './image-format.ts'
import type { BootOptions } from './image/boot-options.ts'

/** An interpreter's image on disk, open and checked. */
export interface Image {
  /** Open for reading. Whoever reads it gives positions: it is shared by all children. */
  descriptor: number
  /** How long it took to build it; null where it was there. */
  builtMs: number | null
  close(): void
}

export const PYODIDE_FOLDER = dirname(fileURLToPath(import.meta.resolve('pyodide/package.json')))
const SOURCES = fileURLToPath(new URL('./', import.meta.url))
const PACKAGE_JSON = fileURLToPath(new URL('../package.json', import.meta.url))
const PYODIDE_FILES = ['package.json', 'pyodide.mjs', 'pyodide.asm.mjs', 'pyodide.asm.wasm', 'python_stdlib.zip']
const UNUSED_MS = 14 * 86_400_000
const MAX_STDERR_CHARACTERS = 2_000

/**
 * The image for these options: the one that is kept in `folder`, or a new one, which takes seconds. Named after a hash of all that it is made of, and checked
 * against a hash of its content. Throws an Error that says what failed. `signal` ends a build.
 */
export async function openImage(folder: string, options: Omit<BootOptions, 'pyodideFolder'>, signal?: AbortSignal): Promise<Image> {
  const path = join(folder, `${keyOf(options)}.image`)
  const kept = await openChecked(path)
  if (kept !== null) return { ...kept, builtMs: null }
  const startedAt = performance.now()
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new Error(`the interpreter's image cannot be kept in ${folder}: ${String(error)}`, { cause: error })
  })
  await build(path, { ...options, pyodideFolder: PYODIDE_FOLDER }, signal)
  await removeUnused(folder)
  const built = await openChecked(path)
  if (built === null) throw new Error(`the interpreter's image ${path} was built and cannot be read again`)
  return { ...built, builtMs: Math.round(performance.now() - startedAt) }
}

function keyOf(options: Omit<BootOptions, 'pyodideFolder'>): string {
  const hash = createHash('sha256').update(JSON.stringify(options))
  for (const wheel of options.wheels) hash.update(contentOf(wheel.path))
  for (const name of PYODIDE_FILES) hash.update(readFileSync(join(PYODIDE_FOLDER, name)))
  for (const name of ['image', 'child'].flatMap((part) => readdirSync(join(SOURCES, part)).map((file) => join(part, file))))
    hash.update(readFileSync(join(SOURCES, name)))
  for (const name of ['image-format.ts', 'outcome.ts', 'program.ts']) hash.update(readFileSync(join(SOURCES, name)))
  return hash.digest('hex').slice(0, 32)
}

function contentOf(wheel: string): Buffer {
  try {
    return readFileSync(wheel)
  } catch (error) {
    throw new Error(`the wheel ${wheel} cannot be read: ${String(error)}`, { cause: error })
  }
}

/** Null where there is none, or where it is not what was written. */
async function openChecked(path: string): Promise<Pick<Image, 'descriptor' | 'close'> | null> {
  if (!(await isThere(path))) return null
  const descriptor = openSync(path, 'r')
  const content = readFileSync(descriptor)
  const isWhole =
    content.length > HASH_BYTES &&
    createHash('sha256').update(content.subarray(HASH_BYTES)).digest().equals(content.subarray(0, HASH_BYTES))
  if (!isWhole) {
    closeSync(descriptor)
    await rm(path, { force: true })
    return null
  }
  const now = new Date()
  // Tells that it is in use; where the folder cannot be written nobody removes it either.
  await utimes(path, now, now).catch(() => undefined)
  return { descriptor, close: () => closeSync(descriptor) }
}

async function build(path: string, options: BootOptions, signal?: AbortSignal): Promise<void> {
  const unfinished = join(dirname(path), `${randomUUID()}.unfinished`)
  try {
    const readable = [SOURCES, PYODIDE_FOLDER, PACKAGE_JSON, ...options.wheels.map((wheel) => wheel.path)]
    const permissions = [...readable.map((each) => `--allow-fs-read=${each}`), `--allow-fs-write=${unfinished}`]
    await run(['--permission', ...permissions, join(SOURCES, 'image/build-main.ts'), unfinished, JSON.stringify(options)], signal)
    const content = readFileSync(unfinished)
    const file = await open(unfinished, 'w', 0o644)
    await file.write(createHash('sha256').update(content).digest())
    await file.write(content)
    await file.close()
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw new Error(
      `the interpreter's image could not be built in ${dirname(path)}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    )
  }
}

function run(args: string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const builder = spawn(process.execPath, args, {
      env: { TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
      killSignal: 'SIGKILL',
    })
    let stderr = ''
    builder.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS)
    })
    builder.once('error', reject)
    builder.once('close', (code, endedBy) =>
      code === 0 ? resolve() : reject(new Error(`its builder ended with ${endedBy ?? code}: ${stderr}`)),
    )
  })
}

/** Images of versions that nobody has opened for two weeks. */
async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (/\.(image|unfinished)$/.test(name) && statSync(path).mtimeMs < Date.now() - UNUSED_MS) await rm(path, { force: true })
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
