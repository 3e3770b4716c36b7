import type { Finding } from './finding.ts'

export interface Options {
  /** `--minutes`, for a bench that lasts as long as it is told. */
  minutes?: number
}

export interface Bench {
  /** What it answers: `how long a cold click takes, …`. */
  asks: string
  /** It takes so long that only its name runs it: `npm run bench` without a name leaves it out. */
  onlyByName?: true
  run: (options: Options) => Promise<Finding[]>
}

/**
 * Rounds in which each measurement is taken once, the order changing from one round to the next: none always follows the
 * same one.
 * @param between is awaited before each measurement
 * @param options.warmUp rounds that are not kept
 * @returns the values of each, by name
 */
export async function inRounds<Name extends string>(
  measurements: Record<Name, (round: number) => Promise<number>>,
  options: { rounds: number; warmUp?: number; between?: () => Promise<unknown> },
): Promise<Record<Name, number[]>> {
  const { rounds, warmUp = 0, between } = options
  const names = Object.keys(measurements) as Name[]
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < rounds + warmUp; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!
      await between?.()
      const value = await measurements[name](round)
      if (round >= warmUp) values[name].push(value)
    }
  return values
}
