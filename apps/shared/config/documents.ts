/** What documents say of settings: the tables of docs/settings.md, and the lists of docker-compose.yml. */
import { groups } from './config.ts'
import { about, type About } from './setting.ts'

interface Known extends About {
  variable: string
}

interface Group {
  title: string
  settings: Known[]
}

/** Every setting, by group. */
export const known: Group[] = groups.map(({ title, settings }) => ({
  title,
  settings: Object.entries(settings).map(([variable, schema]) => ({ variable, ...about.get(schema)! })),
}))

/** docs/settings.md with today's settings between its markers. */
export function withTables(page: string): string {
  const tables = known.map(({ title, settings }) =>
    [`## ${title}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...settings.map(rowOf)].join('\n'),
  )
  // The tables are wider than prettier's lines, and would be padded to the longest cell.
  const text = ['<!-- prettier-ignore-start -->', '', tables.join('\n\n'), '', '<!-- prettier-ignore-end -->'].join(
    '\n',
  )
  return between(page, '<!-- settings -->', '<!-- /settings -->', `${text}\n`)
}

function rowOf({ variable, description, standard, without }: Known): string {
  const value = standard && (/^(\d+|off)$/.test(standard) ? standard : `\`${standard}\``)
  return `| \`${variable}\` | ${value ?? without ?? '–'} | ${description} |`
}

/** docker-compose.yml with today's settings in its lists. A variable that has a value there stands outside of them. */
export function withLists(compose: string): string {
  const bare = ['all', 'workers'].reduce((text, services) => listed(text, services, []), compose)
  const settings = known.flatMap(({ settings }) => settings)
  return ['all', 'workers'].reduce((text, services) => {
    const own = settings.filter((setting) => (setting.services ?? 'all') === services)
    const names = own.map(({ variable }) => variable).filter((name) => !new RegExp(`^  ${name}:`, 'm').test(bare))
    return listed(text, services, names)
  }, bare)
}

function listed(compose: string, services: string, names: string[]): string {
  const begin = `  # <settings of ${services}> written by npm run generate`
  return between(compose, begin, `  # </settings of ${services}>`, names.map((name) => `  ${name}:\n`).join(''))
}

/** A text with other lines between two of its lines. */
function between(text: string, begin: string, end: string, lines: string): string {
  const from = text.indexOf(`${begin}\n`)
  const to = text.indexOf(`${end}\n`, from)
  if (from < 0 || to < 0) throw new Error(`there is no ${begin} … ${end}`)
  return text.slice(0, from + begin.length + 1) + lines + text.slice(to)
}
