/** Pure. Variables that containers of a repository are given: its own win over those of all, and secrets over both. */
import type { VariableInForce } from '../../shared/config/in-force.ts'

export function variablesFor(
  repository: string,
  given: readonly VariableInForce[],
  isTrusted: boolean,
): Omit<VariableInForce, 'repository' | 'ownOnly'>[] {
  const secrets = given.filter(({ ownOnly }) => ownOnly && isTrusted)
  const isSecret = new Set(secrets.map(({ name }) => name))
  const plain = given.filter(({ name, ownOnly }) => !ownOnly && !isSecret.has(name))
  const own = plain.filter((variable) => variable.repository === repository)
  const isOwn = new Set(own.map(({ name }) => name))
  const ofAll = plain.filter((variable) => variable.repository === null && !isOwn.has(variable.name))
  return [...ofAll, ...own, ...secrets].map(({ name, value, secret, from }) => ({ name, value, secret, from }))
}
