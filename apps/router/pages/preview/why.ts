/** Why it is awake, what comes next, and what it runs with, of the explanation that the API gives too. */
import { countdown } from '../../../../views/times.js'
import type { ExplainedValue, Explanation } from '../../../shared/api/explain.ts'
import { sourceWords } from '../../explain/values.ts'

export interface Why {
  sentences: string[]
  next: { datetime: string; left: string; words: string }[]
  /** `code`: the name of a variable. `from`: what its name is, and the name. */
  values: { name: string; code: boolean; value: string | null; from: [what: string, name: string]; notice: string }[]
  /** The reaper, which knows the variables, did not answer. */
  isPart: boolean
}

const names: Record<ExplainedValue['name'], string> = {
  repository: 'Repository',
  kind: 'What it is for',
  connection: 'Who comes in gets',
  port: 'Port',
  'ready-path': 'Ready path',
  memory: 'Memory',
  cpus: 'CPUs',
  pids: 'Processes',
  disk: 'Disk',
  'stop-signal': 'Stop signal',
  'idle-stop': 'Stops after',
  'idle-pause': 'Pauses after',
  lifetime: 'Lifetime',
  removal: 'Image goes after',
  'start-timeout': 'A start may take',
  hold: 'Requests are held',
  grace: 'Requests may end in',
  refresh: 'Newer images looked for every',
}

export function whyOf(explanation: Explanation, now: number): Why {
  const { values, variables, awake, asleep, waiter, next, imageWords, change, stack } = explanation
  return {
    sentences: [awake?.words, asleep?.words, waiter?.words, imageWords, stack?.words, change?.words].filter(
      (words) => words !== undefined,
    ),
    next: next.map(({ at, words }) => ({ datetime: at, left: countdown(Date.parse(at) - now), words })),
    values: [
      ...values.map((value) => ({
        name: names[value.name],
        code: false,
        // The words end with where it came from, which has a column of its own.
        value: value.words.slice(0, -`, ${sourceWords(value)}.`.length),
        from: fromOf(value),
        notice: value.notice ?? '',
      })),
      ...(variables ?? []).map(({ name, value, secret, from, words }) => ({
        name,
        code: true,
        value: secret ? null : (value ?? (words === null ? null : 'none')),
        from: [words ?? (from === null ? 'Lotan' : 'setting'), from ?? ''] as [string, string],
        notice: '',
      })),
      ...(stack?.services ?? []).flatMap(ofService),
    ],
    isPart: variables === null,
  }
}

/** Of each service what its stack says, and its limits: the rest is the image's own. */
function ofService({
  name: service,
  values,
  variables,
}: NonNullable<Explanation['stack']>['services'][number]): Why['values'] {
  return [
    ...values
      .filter(({ name, source }) => source === 'stack' || source === 'setting' || name === 'memory')
      .map(({ name, value, source, from }) => ({
        ...{ name: `${service}: ${name.replace('-', ' ')}`, code: false, value, notice: '' },
        from: [source, from ?? ''] as [string, string],
      })),
    ...variables.map(({ name, value }) => ({
      ...{ name: `${service}: ${name}`, code: true, value, notice: '', from: ['stack', ''] as [string, string] },
    })),
  ]
}

function fromOf({ source, from }: ExplainedValue): [string, string] {
  switch (source) {
    case 'label':
      return ['label', from ?? '']
    case 'setting':
      return ['setting', from ?? '']
    case 'image':
      return ['the image', '']
    case 'default':
      return ['default', '']
  }
}
