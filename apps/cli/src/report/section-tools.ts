import { shownCost, shownShare, type Tool } from '@toolwright/contracts'
import { type KindFigures } from './kind-figures.ts'
import { type Markup, markup, nothing } from './markup.ts'
import { kindName, plural } from './page-parts.ts'
import { shownCount } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

const SOURCES = 200

interface Shown {
  figures: KindFigures
  tool: Tool
  uses: number
}

/** The tools that answered in the run or were made in it, most used first, with sources and evidence; and the kinds that got none. */
export function sectionTools(report: RunReport): Markup {
  const { figures, kinds, record, missing } = report
  const shown: Shown[] = figures.kinds.flatMap((kind) =>
    (kinds.get(kind.id)?.tools ?? [])
      .map((tool) => ({ figures: kind, tool, uses: kind.usesOfVersion.get(tool.version) ?? 0 }))
      .filter(({ tool, uses }) => uses > 0 || (kind.makes.calls > 0 && tool.at >= record.createdAt)),
  )
  const sorted = shown.toSorted((a, b) => b.uses - a.uses || b.figures.requests - a.figures.requests)
  const without = figures.kinds.filter(({ id, makes }) => makes.calls > 0 && (kinds.get(id)?.kind.versions ?? 0) === 0)
  return markup`<section>
<h2>Tools</h2>
<p>${sorted.length === 0 ? 'No tool answered in this run, and none was made.' : 'Each opens on its source, what it was verified with, and the calls that show how it is used.'}${sorted.length > SOURCES ? ` The ${SOURCES} most used of ${shownCount(sorted.length)} are here; ./toolwright tools source KIND shows any.` : ''}</p>
${sorted.slice(0, SOURCES).map((one) => details(report, one, missing === null))}
${without.length === 0 ? nothing : markup`<h4>Makes that gave no tool</h4><ul>${without.map(({ id }) => markup`<li>${kindName(report, id)} <small>${id}: ${whyNone(report, id)}</small></li>`)}</ul>`}
</section>`
}

function details(report: RunReport, { figures, tool, uses }: Shown, hasResults: boolean): Markup {
  const { evidence } = tool
  const version = report.kinds.get(tool.kind)?.kind.version
  const used = hasResults ? `, ${plural(uses, 'use', 'uses')} here` : ''
  const right = (
    [
      ['serves now', version === tool.version ? 'yes' : version === 0 || version === undefined ? 'no' : `no, version ${version} does`],
      ['made', `${new Date(tool.at).toISOString().slice(0, 16).replace('T', ' ')} UTC by ${tool.model}, for ${shownCost(tool.costNano)}`],
      [
        'from',
        `${plural(evidence.proposedFrom, 'example', 'examples')} shown to the model, ${evidence.heldBack} held back; candidate ${evidence.candidates}, ${plural(evidence.repairs, 'repair', 'repairs')}`,
      ],
      ['right in checks', `extracted: ${evidence.extractedRight} of the ${evidence.heldBack} held back; called: ${evidence.calledRight}`],
      [
        'refuses others',
        `${evidence.foreignAccepted} of ${evidence.foreignTexts} texts of other kinds accepted, ${evidence.mutantsSurvived} of ${evidence.mutants} altered texts read as before`,
      ],
      ...(figures.targets > 0
        ? [
            [
              'right in this run',
              `${shownCount(figures.right)} of ${shownCount(figures.targets)} requests of its kind with a target (${shownShare(figures.right, figures.targets)}), all tiers`,
            ] as const,
          ]
        : []),
      ['SHA-256', tool.sha256],
    ] as const
  ).map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)
  return markup`<details><summary><b>${kindName(report, tool.kind)}</b> <small>${tool.kind}@${tool.version}: ${tiersOf(tool)}${used}</small></summary>
<dl>${right}</dl>
<h4>Source</h4><pre><code>${tool.source}</code></pre>
<h4>Parameters</h4><pre><code>${JSON.stringify(tool.schema, null, 2)}</code></pre>
${tool.usage.length === 0 ? nothing : markup`<h4>Verified calls</h4><pre class="text"><code>${tool.usage.map(({ text, arguments: given }) => `${text}\n→ ${given}`).join('\n\n')}</code></pre>`}
</details>`
}

function tiersOf({ tiers }: Tool): string {
  return [tiers.extracted && 'extracted', tiers.called && 'called'].filter((tier) => tier !== false).join(' and ') || 'no tier'
}

function whyNone({ kinds }: RunReport, id: string): string {
  const kind = kinds.get(id)?.kind
  if (kind === undefined) return 'the kind is gone'
  return kind.reason || kind.state
}
