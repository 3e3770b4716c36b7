/** Pure. Variables that containers of a repository are given: its own win over those of all. */
import type { VariableInForce } from '../../shared/config/in-force.ts'

export function variablesFor(
  repository: string,
  given: readonly VariableInForce[],
): Omit<VariableInForce, 'repository'>[] {
  const own = given.filter((variable) => variable.repository === repository)
  const isOwn = new Set(own.map(({ name }) => name))
  const ofAll = given.filter((variable) => variable.repository === null && !isOwn.has(variable.name))
  return [...ofAll, ...own].map(({ name, value, secret, from }) => ({ name, value, secret, from }))
}
