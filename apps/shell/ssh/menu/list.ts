/** The list of the menu: what is typed narrows it, and one row is chosen. Pure. */
import type { Key } from './keys.ts'

export interface Row {
  /** As people write it. */
  name: string
  state: string
  visited: string
}

export interface Menu {
  typed: string
  /** Among those that are shown. */
  chosen: number
}

export type Does = { is: 'nothing' } | { is: 'leave' } | { is: 'draw' } | { is: 'enter'; name: string }

export interface Size {
  columns: number
  rows: number
}

const MOST_TYPED = 200
export const HELP = 'Type to narrow, Tab completes, arrows or a number and Enter go in, Ctrl-C leaves.'

/** A row keeps the number that it has among all of them. */
export interface Numbered extends Row {
  number: number
}

/** What is typed is a part of a name, or the number of a row; `+SERVICE` behind it is none of the name. */
export function shownOf(rows: readonly Row[], typed: string): Numbered[] {
  const [part = ''] = typed.split('+', 1)
  const wanted = part.toLowerCase()
  return rows
    .map((row, at) => ({ ...row, number: at + 1 }))
    .filter(({ name, number }) => name.toLowerCase().includes(wanted) || String(number) === part)
}

export function press(menu: Menu, key: Key, rows: readonly Row[]): { menu: Menu; does: Does } {
  const shown = shownOf(rows, menu.typed)
  const stay = (becomes: Menu): { menu: Menu; does: Does } => ({ menu: becomes, does: { is: 'nothing' } })
  const move = (chosen: number) => stay({ ...menu, chosen: Math.max(0, Math.min(shown.length - 1, chosen)) })
  const type = (typed: string) => stay({ typed, chosen: chosenFirst(shownOf(rows, typed), typed) })
  switch (key.is) {
    case 'text':
      return type((menu.typed + key.text).slice(0, MOST_TYPED))
    case 'delete':
      return type(menu.typed.slice(0, -1))
    case 'clear':
      return type('')
    case 'tab':
      return type(completed(shown, menu.typed))
    case 'up':
      return move(menu.chosen - 1)
    case 'down':
      return move(menu.chosen + 1)
    case 'first':
      return move(0)
    case 'last':
      return move(shown.length - 1)
    case 'leave':
      return { menu, does: { is: 'leave' } }
    case 'draw':
      return { menu, does: { is: 'draw' } }
    case 'enter': {
      const name = nameMeant(menu, shown)
      return { menu, does: name === '' ? { is: 'nothing' } : { is: 'enter', name } }
    }
  }
}

/** The row that was chosen stays it, whatever has come before it. */
export function keepChosen({ typed, chosen }: Menu, before: readonly Row[], rows: readonly Row[]): Menu {
  const name = shownOf(before, typed)[chosen]?.name
  const shown = shownOf(rows, typed)
  const at = shown.findIndex((row) => row.name === name)
  return { typed, chosen: at >= 0 ? at : Math.max(0, Math.min(chosen, shown.length - 1)) }
}

/** What matches nothing may be a tag that was never started. */
function nameMeant({ typed, chosen }: Menu, shown: readonly Numbered[]): string {
  const row = shown[chosen]
  const plus = typed.indexOf('+')
  return row ? row.name + (plus < 0 ? '' : typed.slice(plus)) : typed
}

/** A whole name, else the number of a row, else the first. */
function chosenFirst(shown: readonly Numbered[], typed: string): number {
  const [part = ''] = typed.split('+', 1)
  const whole = shown.findIndex(({ name }) => name === part)
  const numbered = shown.findIndex(({ number }) => String(number) === part)
  return Math.max(0, whole >= 0 ? whole : numbered)
}

/** As far as all that are shown begin alike. */
function completed(shown: readonly Numbered[], typed: string): string {
  if (typed.includes('+')) return typed
  const beginning = shown.filter(({ name }) => name.startsWith(typed))
  const names = (beginning.length > 0 ? beginning : shown).map(({ name }) => name)
  const [first = '', ...others] = names
  let length = first.length
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--
  return length >= typed.length && names.length > 0 ? first.slice(0, length) : typed
}

/** Its lines; the cursor belongs at the end of the last one. */
export function linesOf({ typed, chosen }: Menu, rows: readonly Row[], { columns, rows: height }: Size): string[] {
  const shown = shownOf(rows, typed)
  const whole = Math.max(1, height - 2)
  const more = shown.length > whole ? [`  ${shown.length} in all`] : []
  const room = Math.max(1, whole - more.length)
  const from = Math.max(0, Math.min(chosen - Math.floor(room / 2), shown.length - room))
  const width = Math.max(columns - 1, 1)
  const table = tableOf(shown).map((line, at) => `${at === chosen ? '>' : ' '} ${line}`)
  const few = shown.length === 0 ? [rows.length === 0 ? '  No preview yet: type a tag, and Enter starts it.' : '  None of these: Enter starts the tag of this name.'] : [] // prettier-ignore
  return [HELP, ...table.slice(from, from + room), ...few, ...more, `Preview: ${typed}`].map((line) => line.slice(0, width)) // prettier-ignore
}

export function tableOf(rows: readonly (Row & { number?: number })[]): string[] {
  const widest = (texts: string[]) => Math.max(0, ...texts.map((text) => text.length))
  const names = widest(rows.map(({ name }) => name))
  const states = widest(rows.map(({ state }) => state))
  const digits = widest(rows.map(({ number }) => String(number ?? '')))
  return rows.map(({ number, name, state, visited }) => {
    const first = number === undefined ? '' : `${String(number).padStart(digits)}  `
    return `${first}${name.padEnd(names)}  ${state.padEnd(states)}  ${visited}`.trimEnd()
  })
}
