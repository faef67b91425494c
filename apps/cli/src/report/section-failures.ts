import { shownShare } from '@toolwright/contracts'
import { type Markup, markup, nothing } from './markup.ts'
import { pageTable, plural } from './page-parts.ts'
import { shownCount } from './plot-parts.ts'
import type { RunReport } from './read-run.ts'

/** Failed requests by cause. */
export function sectionFailures({ totals, figures, missing, record }: RunReport): Markup {
  if (totals === null) return nothing
  const { failed } = totals
  if (failed === 0) return markup`<section><h2>Failures</h2><p>No request failed.</p></section>`
  return markup`<section>
<h2>Failures by cause</h2>
<p>${plural(failed, 'request', 'requests')} failed. Those that are kept can be tried again with <code>./toolwright retry-failed ${record.id}</code>.${missing === null ? '' : ' Their causes are in the results, which are missing.'}</p>
${pageTable(
  [
    {
      title: 'Cause, and the first of it',
      isNumber: false,
      cell: ({ cause, example }) => markup`${cause}<small>${example.customId}: ${example.message}</small>`,
    },
    { title: 'Requests', isNumber: true, cell: ({ requests }) => shownCount(requests) },
    { title: 'Share', isNumber: true, cell: ({ requests }) => shownShare(requests, failed) },
  ],
  figures.failures,
)}
</section>`
}
