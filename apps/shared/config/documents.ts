/** Writes docs/settings.md's tables and docker-compose.yml's lists from the settings' schemas. */
import { groups } from './config.ts'
import { about, type About } from './setting.ts'

interface Known extends About {
  variable: string
}

interface Group {
  title: string
  settings: Known[]
}

export const known: Group[] = groups.map(({ title, settings }) => ({
  title,
  settings: Object.entries(settings).map(([variable, schema]) => ({ variable, ...about.get(schema)! })),
}))

export function withTables(page: string): string {
  const tables = known.map(({ title, settings }) =>
    [`## ${title}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...settings.map(rowOf)].join('\n'),
  )
  // Prettier would pad every cell to the longest.
  const text = ['<!-- prettier-ignore-start -->', '', tables.join('\n\n'), '', '<!-- prettier-ignore-end -->'].join(
    '\n',
  )
  return between(page, '<!-- settings -->', '<!-- /settings -->', `${text}\n`)
}

function rowOf({ variable, description, standard, without }: Known): string {
  const value = standard && (/^(\d+|off)$/.test(standard) ? standard : `\`${standard}\``)
  return `| \`${variable}\` | ${value ?? without ?? '–'} | ${description} |`
}

const lists = ['all', 'workers', 'forge']

/** Only variables without a value of their own in the file. */
export function withLists(compose: string): string {
  const bare = lists.reduce((text, services) => listed(text, services, []), compose)
  const settings = known.flatMap(({ settings }) => settings)
  return lists.reduce((text, services) => {
    const own = settings.filter((setting) => (setting.services ?? 'all') === services)
    const hasValue = (name: string) => new RegExp(`^  ${name}:`, 'm').test(bare)
    // The others have an empty one of what is the forge's alone.
    const names = own.map(({ variable }) => variable).filter((name) => services === 'forge' || !hasValue(name))
    return listed(text, services, names)
  }, bare)
}

function listed(compose: string, services: string, names: string[]): string {
  const begin = `  # <settings of ${services}> written by npm run generate`
  return between(compose, begin, `  # </settings of ${services}>`, names.map((name) => `  ${name}:\n`).join(''))
}

export function between(text: string, begin: string, end: string, lines: string): string {
  const from = text.indexOf(`${begin}\n`)
  const to = text.indexOf(`${end}\n`, from)
  if (from < 0 || to < 0) throw new Error(`there is no ${begin} … ${end}`)
  return text.slice(0, from + begin.length + 1) + lines + text.slice(to)
}
