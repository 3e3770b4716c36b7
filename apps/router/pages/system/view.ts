/** The System page: facts become what the view writes. */
import os from 'node:os'
import type { Config } from '../../../shared/config/config.ts'
import type { Timeouts } from '../../../shared/preview/timeouts.ts'
import type { Session, ShellSession, Token } from '../../../shared/store/store.ts'
import type { SystemFacts } from '../../system/gather.ts'
import { warningsOf, type Warning } from '../../system/warnings.ts'
import { age, clock, count } from '../format.ts'
import { insideOf, sessionsOf, tokensOf } from './access.ts'
import { diskOf } from './disk.ts'
import { memoryOf } from './memory.ts'
import { partsOf } from './parts.ts'
import { queueOf } from './queue.ts'
import { settingsOf } from './settings.ts'
import { slotsOf } from './slots.ts'

/** What was typed, where it made no token. */
export interface TokenForm {
  name: string
  can: string
  match: string
  for: string
  problem: string
}

export interface ViewFacts {
  facts: SystemFacts
  config: Timeouts &
    Pick<
      Config,
      'repositories' | 'redis' | 'dataDir' | 'listen' | 'tls' | 'sandboxes' | 'forge' | 'notifyUrl' | 'shell'
    >
  sessions: Session[]
  /** Who is inside previews. */
  inside: readonly ShellSession[]
  /** The id of the reader's own. */
  current: string | undefined
  tokens: Token[]
  /** A token that was made just now: this page alone shows it. */
  made?: { name: string; secret: string } | undefined
  form?: TokenForm | undefined
}

export type SystemView = ReturnType<typeof systemViewOf>

export function systemViewOf({ facts, config, sessions, inside, current, tokens, made, form }: ViewFacts) {
  const { told, now } = facts
  const warnings = warningsOf(facts, config)
  return {
    repository: config.repositories.map(({ reference }) => reference).join(', '),
    self: '/system',
    asOf: clock(now, true),
    health: healthOf(warnings),
    versions: `Lotan ${told.versions.lotan}, Node ${told.versions.node}, ${os.type()} ${os.release()}`,
    warnings: warnings.map((warning) => warningRow(warning, now)),
    parts: partsOf(facts, config),
    slots: slotsOf(facts, config.sandboxes.ready),
    places: placesWords(told.previews),
    memory: memoryOf(told),
    saved: told.saved.previews > 0 ? told.saved.words : '',
    disk: diskOf(facts, config),
    queue: queueOf(facts),
    settings: settingsOf(told.settings),
    sessions: sessionsOf(sessions, current, now),
    inside: config.shell === null ? null : insideOf(inside, now),
    tokens: tokensOf(tokens, now),
    made: made ?? null,
    form: form ?? { name: '', can: 'run', match: '', for: '90d', problem: '' },
    scopes: ['read', 'run', 'shell', 'admin'],
  }
}

/** The headline: whether it works, and how much there is to know. */
function healthOf(warnings: readonly Warning[]) {
  const failures = warnings.filter(({ level }) => level === 'failure').length
  const others = warnings.length - failures
  return {
    works: failures === 0,
    words: failures === 0 ? 'works' : `${count(failures, 'thing')} wrong`,
    more: others === 0 ? '' : count(others, 'warning'),
  }
}

function warningRow({ level, says, advice, since }: Warning, now: number) {
  return {
    level,
    says: sentence(says),
    advice: advice === undefined ? '' : sentence(advice),
    since: since === undefined ? '' : `for ${age(now - since)}`,
  }
}

function placesWords({ running, most, pinned }: SystemFacts['told']['previews']): string {
  return `${running} of ${most} previews are up${pinned > 0 ? `, ${pinned} of them pinned` : ''}.`
}

/** Doctor's words are parts of lines, and here they stand alone. */
function sentence(words: string): string {
  const isName = /^(\S*[/.]\S|nginx )/.test(words)
  const first = isName ? words : `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
  return /[.…]$/.test(first) ? first : `${first}.`
}
