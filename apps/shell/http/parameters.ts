/** The query of a WebSocket's address, read strictly: a misspelt name is told, and nothing is read and ignored. Pure. */

export class BadParameter extends Error {}

export type Parameters = ReturnType<typeof readParameters>

/** @throws BadParameter for a name that is none of these, and for one that stands twice and may not */
export function readParameters(query: URLSearchParams, names: readonly string[], many: readonly string[]) {
  for (const name of query.keys()) {
    if (!names.includes(name) && !many.includes(name))
      throw new BadParameter(`There is no parameter ${shown(name)} here. There are: ${[...names, ...many].join(', ')}.`)
    if (!many.includes(name) && query.getAll(name).length > 1) throw new BadParameter(`${name} stands there twice.`)
  }

  function text(name: string, form: RegExp, wanted: string): string | null {
    const sent = query.get(name)
    if (sent !== null && !form.test(sent)) throw new BadParameter(`${name} is ${wanted}.`)
    return sent
  }

  return {
    text,

    has: (name: string): boolean => query.has(name),

    flag: (name: string): boolean => text(name, /^[01]$/, '1 or 0') === '1',

    number(name: string, least: number, most: number): number | null {
      const sent = text(name, /^\d{1,15}$/, `a number from ${least} to ${most}`)
      const number = Number(sent)
      if (sent !== null && (number < least || number > most))
        throw new BadParameter(`${name} is a number from ${least} to ${most}.`)
      return sent === null ? null : number
    },

    /** The engine takes no zero byte. */
    all(name: string, form: RegExp, wanted: string): string[] {
      const sent = query.getAll(name)
      if (sent.some((one) => !form.test(one) || one.includes('\0'))) throw new BadParameter(`${name} is ${wanted}.`)
      return sent
    },
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40))
}
