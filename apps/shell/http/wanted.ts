/** What the address of a WebSocket asks for. Pure. */
import { NAMELESS, type PreviewKey } from '../../shared/preview/preview-id.ts'
import type { RunAsk } from '../sessions/one-off.ts'
import { BadParameter, readParameters, type Parameters } from './parameters.ts'

export interface Terminal {
  columns: number
  rows: number
}

export interface ExecWanted {
  does: 'exec'
  service: string | null
  /** Null: a shell. */
  command: string[] | null
  terminal: Terminal | null
  env: string[]
  via: 'api' | 'page'
  /** What a page comes back with. */
  resume: string | null
  /** How many bytes of the output it had read by then. */
  seen: number | null
}

export interface RunWanted extends RunAsk {
  does: 'run'
}

export interface ForwardWanted {
  does: 'forward'
  /** Null: the application. */
  host: string | null
  port: number
}

export interface Wanted {
  preview: PreviewKey
  ticket: string | null
  ask: ExecWanted | RunWanted | ForwardWanted
}

const PATH = /^(?:\/repositories\/([^/]+))?\/previews\/([^/]+)\/(exec|run|forward)$/
const TERMINAL = ['tty', 'columns', 'rows', 'term']
/** A path's bytes, or a line of a shell: so long at most is all of the address in any case. */
const ANY = /^[^]*$/
const USUAL_TERMINAL = { columns: 80, rows: 24 }

/** @returns undefined for a path that is none of these @throws BadParameter */
export function readWanted(uri: string): Wanted | undefined {
  const [path = '', ...query] = uri.split('?')
  const [, repository, tag, does] = PATH.exec(path) ?? []
  if (tag === undefined) return undefined
  const sent = new URLSearchParams(query.join('?'))
  const preview = { repository: repository === undefined ? NAMELESS : decoded(repository), tag: decoded(tag) }
  const ask = does === 'exec' ? readExec(sent) : does === 'run' ? readRun(sent) : readForward(sent)
  return { preview, ticket: sent.get('ticket'), ask }
}

function readExec(sent: URLSearchParams): ExecWanted {
  const given = readParameters(sent, ['ticket', 'service', ...TERMINAL, 'via', 'resume', 'seen'], ['cmd'])
  const { terminal, env } = terminalOf(given)
  const via = given.text('via', /^page$/, 'page, or left out') === null ? 'api' : 'page'
  if (via === 'page' && !terminal) throw new BadParameter('via=page needs tty=1.')
  for (const name of ['resume', 'seen'])
    if (given.has(name) && via !== 'page') throw new BadParameter(`${name} needs via=page.`)
  for (const name of ['service', 'cmd', 'term'])
    if (given.has(name) && given.has('resume'))
      throw new BadParameter(`resume goes on with a session: it takes no ${name}.`)
  if (given.has('seen') && !given.has('resume')) throw new BadParameter('seen needs resume.')
  return {
    does: 'exec',
    service: given.text('service', /^[\w.-]{1,63}$/, 'the name of a service'),
    command: commandOf(given),
    terminal,
    env,
    via,
    resume: given.text('resume', /^[\w-]{43}$/, 'what “open” has said'),
    seen: given.number('seen', 0, Number.MAX_SAFE_INTEGER),
  }
}

function readRun(sent: URLSearchParams): RunWanted {
  const given = readParameters(sent, ['ticket', ...TERMINAL, 'user', 'workdir', 'memory', 'cpus'], ['cmd', 'env'])
  const { terminal, env } = terminalOf(given)
  return {
    does: 'run',
    command: commandOf(given) ?? [],
    terminal,
    env: [...env, ...given.all('env', /^[A-Za-z_]\w*=/, 'NAME=VALUE')],
    user: given.text('user', /^[\w.-]{1,64}(:[\w.-]{1,64})?$/, 'a name or UID:GID'),
    workdir: given.text('workdir', /^\/[^\0]*$/, 'an absolute path'),
    memory: given.text('memory', /^[\w.]{1,20}$/, 'an amount such as 512m or 1g'),
    cpus: given.text('cpus', /^[\w.]{1,20}$/, 'a number of processors such as 1 or 0.5'),
  }
}

function readForward(sent: URLSearchParams): ForwardWanted {
  const given = readParameters(sent, ['ticket', 'to'], [])
  const to = given.text('to', /^([\w.~-]{1,253}:)?\d{1,5}$/, 'PORT of the application, or SERVICE:PORT') ?? ''
  const [, host = null, port] = /^(?:(.*):)?(\d+)$/.exec(to) ?? []
  if (port === undefined) throw new BadParameter('to is missing: PORT of the application, or SERVICE:PORT.')
  if (Number(port) < 1 || Number(port) > 65_535) throw new BadParameter('A port is a number from 1 to 65535.')
  return { does: 'forward', host, port: Number(port) }
}

/** TERM is a variable of a command that has a terminal. */
function terminalOf(given: Parameters): { terminal: Terminal | null; env: string[] } {
  const terminal = given.flag('tty')
    ? {
        columns: given.number('columns', 1, 65_535) ?? USUAL_TERMINAL.columns,
        rows: given.number('rows', 1, 65_535) ?? USUAL_TERMINAL.rows,
      }
    : null
  for (const name of ['columns', 'rows', 'term'])
    if (given.has(name) && !terminal) throw new BadParameter(`${name} needs tty=1.`)
  const term = given.text('term', /^[\w.+-]{1,64}$/, 'the kind of terminal, such as xterm-256color')
  return { terminal, env: terminal ? [`TERM=${term ?? 'xterm'}`] : [] }
}

function commandOf(given: Parameters): string[] | null {
  const command = given.all('cmd', ANY, 'without a zero byte')
  if (command[0] === '') throw new BadParameter('The first cmd is the program, and not empty.')
  return command.length === 0 ? null : command
}

function decoded(piece: string): string {
  try {
    return decodeURIComponent(piece)
  } catch {
    throw new BadParameter('The path has a percent sign that begins no character.')
  }
}
