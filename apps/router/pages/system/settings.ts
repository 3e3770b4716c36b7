import type { System } from '../../../shared/api/system.ts'

/** A longer value is cut; the whole of it is its title. */
const MOST_CHARACTERS = 120
/** So many stand open; a fold has the rest. */
const MOST_OPEN = 12

export interface SettingRow {
  name: string
  /** Null: it has words instead. */
  value: string | null
  whole: string
  words: string
}

/** What was set first: that is what one looks for. No secret has a value here. */
export function settingsOf(settings: System['settings']): Record<'set' | 'more' | 'defaults', SettingRow[]> {
  const { environment = [], default: rest = [] } = Object.groupBy(settings, ({ source }) => source)
  const set = environment.map(rowOf)
  return { set: set.slice(0, MOST_OPEN), more: set.slice(MOST_OPEN), defaults: rest.map(rowOf) }
}

function rowOf({ name, value, secret, source, words }: System['settings'][number]): SettingRow {
  const whole = value ?? ''
  const cut = whole.length > MOST_CHARACTERS ? `${whole.slice(0, MOST_CHARACTERS)}…` : whole
  const isSet = source === 'environment'
  const instead = words ?? (secret && isSet ? 'set, not shown' : isSet ? 'set' : 'not set')
  return { name, value: value === null ? null : cut, whole, words: instead }
}
