/** Writes what was measured between the marks of docs/benchmarks.md, and its charts beside it. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { median, quantile } from '../measure/figures.ts'
import { inWords, outcomes, rounded, verdict, type Finding } from '../measure/finding.ts'
import { bars, stages } from './chart.ts'

type Answers = Record<string, Finding[]>

/** The charts: their file, title, and the questions whose ratios they show. */
const charts = [
  [
    'starts',
    'Time of a start, Lotan / the engine alone (less is better)',
    ['cold', 'restart', 'eight', 'pulls', 'others'],
  ],
  ['traffic', 'Traffic, Lotan / the baseline (more is better)', ['warm', 'transfers', 'port', 'hosts']],
  ['proxies', 'Requests a second, Lotan / other proxies (more is better)', ['proxies']],
] as const

const words = { aim: 'aim reached', holds: 'holds', missed: '**missed**' }

/** @param root of the repository */
export async function write(root: string, machine: Record<string, string>, answers: Answers): Promise<void> {
  const page = path.join(root, 'docs/benchmarks.md')
  const pictures = path.join(root, 'docs/pictures')
  const all = Object.entries(answers).flatMap(([name, findings]) => (name === 'click' ? [] : findings))
  const was = await fs.readFile(page, 'utf8')
  const now = [
    ['machine', machineOf(machine)],
    ['bars', results(all.filter(({ bar }) => bar))],
    ['others', results(all.filter(({ bar, by }) => !bar && by !== 'itself'))],
    ['medians', medians(all)],
  ].reduce((text, [mark, content]) => between(text, mark!, content!), was)
  await fs.writeFile(page, await format(now, { ...(await resolveConfig(page)), parser: 'markdown' }))
  for (const [name, title, from] of charts) {
    const findings = from.flatMap((question) => answers[question] ?? []).filter(isRatio)
    await fs.writeFile(path.join(pictures, `bench-${name}.svg`), bars(title, findings))
  }
  const click = (answers['click'] ?? []).map(({ question, lotan }) => ({ name: question, ms: median(lotan) }))
  await fs.writeFile(path.join(pictures, 'bench-click.svg'), stages('One cold click, stage by stage', click))
}

function machineOf(machine: Record<string, string>): string {
  const day = new Date().toISOString().slice(0, 10)
  const entries = Object.entries({ ...machine, Measured: day })
  return ['| | |', '|---|---|', ...entries.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')
}

/** What was asked for: how Lotan stands to the baseline. */
function results(findings: Finding[]): string {
  const head = ['| question | result | middle 80 % | bar | aim | |', '|---|---|---|---|---|---|']
  const rows = findings.map((finding) => {
    const { question, bar } = finding
    const values = outcomes(finding)
    const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => inWords(quantile(values, share), finding))
    const held = verdict(finding)
    const lines = [bar?.atLeast, bar?.aim].map((line) => (line === undefined ? '' : inWords(line, finding)))
    return `| ${[question, middle, `${low?.replace(/[^\d.]+$/, '')} to ${high}`, ...lines, held ? words[held] : ''].join(' | ')} |`
  })
  return [...head, ...rows].join('\n')
}

/** The medians behind the results. */
function medians(findings: Finding[]): string {
  const rows = findings.map(({ question, baseline, lotan, unit }) => {
    const beside = baseline ? [baseline.name, `${rounded(median(baseline.values))} ${unit}`] : ['–', '']
    return `| ${[question, `${rounded(median(lotan))} ${unit}`, ...beside, lotan.length].join(' | ')} |`
  })
  return ['| question | Lotan | baseline | | rounds |', '|---|---|---|---|---|', ...rows].join('\n')
}

function isRatio({ by }: Finding): boolean {
  return by === 'ratio'
}

/** @throws when the page has no such marks */
function between(text: string, mark: string, content: string): string {
  const marks = new RegExp(`(<!-- ${mark} -->\n)[^]*?(<!-- /${mark} -->)`)
  if (!marks.test(text)) throw new Error(`docs/benchmarks.md has no marks for ${mark}`)
  return text.replace(marks, (_, begin: string, end: string) => `${begin}\n${content}\n\n${end}`)
}
