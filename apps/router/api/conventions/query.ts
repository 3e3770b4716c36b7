/** The query parameters of a route: checked once, where the route is mounted, from what its declaration says. */
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { ApiRoute } from './operation.ts'

/** Of what a client sent, as much is repeated to it. */
const MOST_OF_A_NAME = 60

/** A route's handler gets what `query` makes of the parameters. */
export function takes<Q extends z.ZodObject>(
  query: Q,
  handle: (req: Request, res: Response, sent: z.output<Q>) => unknown,
): Pick<ApiRoute, 'query' | 'handle'> {
  return { query, handle }
}

export function numberText(form: RegExp, number: z.ZodNumber, wrong: string) {
  return z.string(wrong).regex(form, wrong).transform(Number).pipe(number)
}

/** @returns what is wrong, as a sentence that names the parameter, or what the schema makes of the query */
export function readQuery(query: z.ZodObject | undefined, sent: Request['query']): string | Record<string, unknown> {
  const known = Object.keys(query?.shape ?? {})
  for (const [name, value] of Object.entries(sent)) {
    if (!known.includes(name)) return `${shortened(name)} is no parameter of this call. ${takenOf(known)}`
    if (typeof value !== 'string') return `${name} is given more than once.`
  }
  const { data, error } = (query ?? z.object()).safeParse(sent)
  return error ? wordsOf(error) : data
}

function wordsOf({ issues }: z.ZodError): string {
  const { path, message } = issues[0]!
  const name = String(path[0])
  return message.startsWith(`${name} `) ? message : `${name}: ${message}`
}

function takenOf(names: string[]): string {
  return names.length === 0 ? 'It takes none.' : `It takes ${names.join(', ')}.`
}

function shortened(name: string): string {
  return name.length > MOST_OF_A_NAME ? `${name.slice(0, MOST_OF_A_NAME)}…` : name || 'A parameter without a name'
}
