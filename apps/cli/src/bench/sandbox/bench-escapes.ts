import { join } from 'node:path'
import { type Finding, type Matrix, type MatrixColumn, runMatrix, type Snippet, WANTED_PROOFS } from '@toolwright/sandbox/escapes'
import { makeDataFolder } from '../../folders.ts'
import { type Column, paragraph, renderTable } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'

/** Runs the escape suite in every set-up. `isFull`: as `runMatrix` says. `isVerbose`: names what gets through. `isMet`: enough snippets succeed where nothing is in their way, and all layers together hold every one. */
export async function benchEscapes(
  surroundings: Surroundings,
  { isFull, isVerbose }: { isFull: boolean; isVerbose: boolean },
  signal: AbortSignal,
): Promise<{ text: string; isMet: boolean }> {
  const { folders, say, columns: width } = surroundings
  const imageFolder = join(folders.home, 'sandbox')
  makeDataFolder(imageFolder)
  say(`seven set-ups, one after the other: ${isFull ? 'half an hour' : 'ten minutes'} or so on two processors`)
  const matrix = await runMatrix({ imageFolder, isFull, say, signal })
  const text = [
    paragraph(LEGEND, width),
    '',
    renderTable(columnsOf(matrix), rowsOf(matrix), width),
    paragraph(verdictOf(matrix), width),
    ...matrix.columns.filter(({ findings }) => findings === null).map(({ name, why }) => paragraph(`${name} was not run: ${why}`, width)),
    ...matrix.unproved.map((snippet) => `not proved, and so not counted: ${nameOf(snippet)}`),
    ...matrix.through.map((finding) => `NOT HELD BY ALL LAYERS: ${tell(finding)}`),
    ...(isVerbose ? ['', ...matrix.columns.flatMap(getThrough)] : []),
  ].join('\n')
  return { text: `${text}\n`, isMet: matrix.proved.length >= WANTED_PROOFS && matrix.through.length === 0 }
}

const LEGEND =
  'For each technique, how many snippets there are, and of these: how many escaped/how many broke the next batch on the same child. ' +
  'weakest: Pyodide as it comes, in a plain Node process. none: our child without a layer. Then each layer alone, and all of them. ' +
  'Without the gate there is no reset, and whatever is left behind stays; – is for what only a reset could undo, not tried where there is none (--full tries it).'

interface Row {
  technique: string
  /** One for each column of the matrix; null where it was not run. */
  findings: (Finding[] | null)[]
  snippets: number
}

function rowsOf({ columns, proved, unproved }: Matrix): Row[] {
  const snippets = [...proved, ...unproved]
  const row = (technique: string, isIn: (snippet: Snippet) => boolean): Row => ({
    technique,
    findings: columns.map(({ findings }) => findings?.filter(({ snippet }) => isIn(snippet)) ?? null),
    snippets: snippets.filter(isIn).length,
  })
  const techniques = [...new Set(snippets.map(({ technique }) => technique))]
  return [...techniques.map((technique) => row(technique, (snippet) => snippet.technique === technique)), row('all', () => true)]
}

function columnsOf({ columns }: Matrix): Column<Row>[] {
  return [
    { title: 'technique', align: 'left', cell: ({ technique }) => technique },
    { title: '#', align: 'right', cell: ({ snippets }) => String(snippets) },
    ...columns.map(({ name }, at): Column<Row> => ({ title: name, align: 'right', cell: ({ findings }) => countsOf(findings[at]) })),
  ]
}

function countsOf(findings: Finding[] | null | undefined): string {
  if (!findings) return '?'
  if (findings.length === 0) return '–'
  const count = (wanted: Finding['verdict']) => findings.filter(({ verdict }) => verdict === wanted).length
  const [escaped, broke] = [count('escaped'), count('broke the next batch')]
  return escaped + broke === 0 ? '0' : `${escaped}/${broke}`
}

function verdictOf({ proved, unproved, through }: Matrix): string {
  const all = proved.length + unproved.length
  return (
    `${proved.length} of ${all} snippets do what they state where nothing is in their way (at least ${WANTED_PROOFS} are wanted); ` +
    `all layers together hold ${all - through.length} of ${all}, and the batch after them is right.`
  )
}

function getThrough({ name, findings }: MatrixColumn): string[] {
  const found = findings?.filter(({ verdict }) => verdict !== 'held') ?? []
  return [`${name}: ${found.length} get through`, ...found.map((finding) => `  ${tell(finding)}`)]
}

function tell({ snippet, verdict, seen, told }: Finding): string {
  return `${nameOf(snippet)} ${verdict} (${seen.join(', ')}): ${told}`
}

function nameOf({ technique, name }: Snippet): string {
  return `${technique}/${name}`
}
