import { markup, rendered } from './markup.ts'
import { STYLE } from './page-style.ts'
import type { RunReport } from './read-run.ts'
import { sectionAnswers } from './section-answers.ts'
import { sectionBreakEven } from './section-break-even.ts'
import { sectionFailures } from './section-failures.ts'
import { sectionHead } from './section-head.ts'
import { sectionLatency } from './section-latency.ts'
import { sectionMoney } from './section-money.ts'
import { sectionTools } from './section-tools.ts'

/** A run as one HTML page that loads nothing and runs nothing. */
export function renderPage(report: RunReport): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Toolwright: run ${report.record.id}</title>
<style>${rendered(STYLE)}</style>
</head>
<body><main>
${sectionHead(report)}
${sectionMoney(report)}
${sectionBreakEven(report)}
${sectionAnswers(report)}
${sectionLatency(report)}
${sectionFailures(report)}
${sectionTools(report)}
<footer>Money is exact to the nano-dollar in the ledger and rounded here.</footer>
</main></body>
</html>
`.markup
}
